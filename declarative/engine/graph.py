"""Walking a dependency graph with a pool of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait


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
    running: dict[Future[bool], str] = {}
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="walk") as pool:
        while left or running:
            for node in [node for node, needs in left.items() if not needs]:
                del left[node]
                running[pool.submit(visit, node)] = node
            if not running:
                return  # what is left depends on a node that failed
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                node = running.pop(future)
                if future.result():
                    for needs in left.values():
                        needs.discard(node)


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
    return tuple(node for node in ordered if node in set(known))
