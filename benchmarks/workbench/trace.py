"""The tasks of a page's thread, from Chromium's trace."""

from __future__ import annotations

from typing import Any

CATEGORIES = ["disabled-by-default-devtools.timeline"]
TASK = "RunTask"
THREAD = "CrRendererMain"


def page_tasks(trace: dict[str, Any]) -> dict[str, float]:
    """Return the longest task of the busiest page's thread, and the CPU time of all tasks.

    Parameters
    ----------
    trace : dict
        Chromium's trace.

    Returns
    -------
    dict
        'longest' in wall-clock time, 'longest_busy' in CPU time, and 'busy', the CPU time of all
        tasks, in milliseconds.
    """
    events = trace["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == THREAD
    }
    tasks: dict[tuple[int, int], list[tuple[float, float]]] = {thread: [] for thread in threads}
    for event in events:
        thread = event.get("pid"), event.get("tid")
        if event["name"] == TASK and event["ph"] == "X" and thread in tasks:
            tasks[thread].append((event["dur"] / 1000, event.get("tdur", 0) / 1000))
    busiest = max(tasks.values(), key=lambda each: sum(busy for _, busy in each))
    return {
        "longest": max(whole for whole, _ in busiest),
        "longest_busy": max(busy for _, busy in busiest),
        "busy": sum(busy for _, busy in busiest),
    }
