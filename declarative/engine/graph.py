"""Walking a dependency graph with a pool of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Lock


def walk(
    nodes: Iterable[str],
    depends_on: Mapping[str, Iterable[str]],
    visit: Callable[[str], bool],
    *,
    parallelism: int,
) -> None:
    """Visit every node after the nodes it depends on, at most ``parallelism`` at once.

    ``visit`` answers whether the node came out well; nodes that depend on one that did
    not, directly or through others, are not visited. Dependencies on nodes outside
    ``nodes`` count as fulfilled. The graph has no cycle (binding refuses one). What ``visit``
    raises ends the walk: what runs is finished, and nothing more is started.
    """
    walked = _Walk(nodes, depends_on)
    threads = min(parallelism, walked.size)
    if not threads:
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="walk") as pool:
        workers = [pool.submit(walked.work, visit) for _ in range(threads)]
    for worker in workers:
        worker.result()


class _Walk:
    """What is left of a walk; its threads take the next node by themselves."""

    def __init__(self, nodes: Iterable[str], depends_on: Mapping[str, Iterable[str]]) -> None:
        waiting = dict.fromkeys(nodes)
        self.size = len(waiting)
        # Each node is touched when it, or one that it needs, ends: never all of them each time.
        self._left = {
            node: {one for one in depends_on.get(node, ()) if one in waiting and one != node}
            for node in waiting
        }
        self._followers: dict[str, list[str]] = {}
        for node, needs in self._left.items():
            for other in needs:
                self._followers.setdefault(other, []).append(node)
        self._lock = Lock()
        self._broken = False
        self._running = 0
        self._ready: SimpleQueue[str | None] = SimpleQueue()
        self._start(node for node, needs in self._left.items() if not needs)

    def work(self, visit: Callable[[str], bool]) -> None:
        """Visit nodes as they become ready, until none can any more."""
        try:
            for node in iter(self._ready.get, None):
                if self._broken:
                    return
                self._ended(node, well=visit(node))
        except BaseException:
            self._broken = True
            raise
        finally:
            self._ready.put(None)  # for the next thread

    def _ended(self, node: str, *, well: bool) -> None:
        with self._lock:
            followers = self._followers.get(node, ()) if well else ()
            for follower in followers:
                self._left[follower].discard(node)
            self._running -= 1
            self._start(one for one in followers if not self._left[one])

    def _start(self, nodes: Iterable[str]) -> None:
        for node in nodes:
            self._running += 1
            self._ready.put(node)
        if not self._running:  # what is left, if anything, depends on a node that failed
            self._ready.put(None)


def in_order(nodes: Iterable[str], depends_on: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return the nodes so that each comes after those it depends on, else by name."""
    ordered: dict[str, None] = {}
    known = sorted(nodes)

    def add(node: str) -> None:
        if node in ordered:
            return
        for other in sorted(depends_on.get(node, ())):
            if other in depends_on and other != node:
                add(other)
        ordered[node] = None

    for node in known:
        add(node)
    wanted = set(known)
    return tuple(node for node in ordered if node in wanted)
