"""Walking a dependency graph with a pool of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue


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
    ``nodes`` count as fulfilled. The graph has no cycle (binding refuses one).
    """
    waiting = dict.fromkeys(nodes)
    left = {
        node: {other for other in depends_on.get(node, ()) if other in waiting and other != node}
        for node in waiting
    }
    followers: dict[str, list[str]] = {}
    for node, needs in left.items():
        for other in needs:
            followers.setdefault(other, []).append(node)
    # Each node is touched when it, or one that it needs, ends: never all of them each time.
    ended: SimpleQueue[tuple[str, Future[bool]]] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="walk") as pool:

        def start(ready: Iterable[str]) -> int:
            nodes = list(ready)
            for node in nodes:
                pool.submit(visit, node).add_done_callback(
                    lambda done, node=node: ended.put((node, done))  # type: ignore[misc] # bound now
                )
            return len(nodes)

        running = start([node for node, needs in left.items() if not needs])
        while running:  # what is left in the end depends on a node that failed
            node, future = ended.get()
            running -= 1
            if future.result():
                free = followers.get(node, ())
                for follower in free:
                    left[follower].discard(node)
                running += start([follower for follower in free if not left[follower]])


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
