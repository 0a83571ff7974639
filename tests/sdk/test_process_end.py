"""The end of a process, and signals on the way there."""

import time

from tests.sdk.own_process import START, run


def test_with_the_receiver_away_the_process_ends_in_time_and_says_what_was_lost() -> None:
    began = time.monotonic()
    done = run(
        START + "    watchkeeper_sdk.init(endpoint='http://127.0.0.1:9', flush_s=0.3, instrument=False)\n    call()"
    )
    assert time.monotonic() - began < 30
    assert "1 calls could not be sent before the end" in done.stderr


def test_signal_handlers_may_make_and_flush_calls_whatever_the_main_thread_is_doing() -> None:
    """They run between two steps of the main thread, also while that has the queue's lock."""
    run(
        START
        + """
    import signal
    import time

    handled = 0

    def on_alarm(number, frame):
        global handled
        handled += 1
        call("in-handler")
        watchkeeper_sdk.flush(1)

    watch = watchkeeper_sdk.init(exporter=sent, instrument=False)
    signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    made, end = 0, time.monotonic() + 0.5
    while time.monotonic() < end:
        call()
        made += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert watch.flush(10) and handled
    assert len(sent.spans) + watch.counts.dropped == made + handled, (len(sent.spans), watch.counts, made, handled)
"""
    )
