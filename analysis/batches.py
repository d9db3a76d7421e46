"""Whether runs were given the same batches, by the digests of what they consumed."""

from collections.abc import Iterable

from profilers.records import Result


def same_batches(runs: Iterable[Result | None]) -> bool | None:
    """Digests of one phase over as many steps must agree; None where no two runs share one."""
    results = list(runs)
    digests: dict[tuple[str, int], list[str]] = {}
    for result in results:
        for digest in result.batches if result else ():
            digests.setdefault((digest.phase, digest.steps), []).append(digest.sha256)
    shared = [found for found in digests.values() if len(found) == len(results)]
    differing = any(len(set(found)) > 1 for found in digests.values())
    return False if differing else True if shared else None
