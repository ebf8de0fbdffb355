"""Those who wait for the writer may go away; the writer must not."""

import threading

from tests.factories import Sandbox


def test_a_waiter_that_gives_up_does_not_stop_the_writer(sandbox: Sandbox) -> None:
    """A request that runs into its deadline cancels the future it waits on."""
    intake, given = sandbox.runtime.intake, threading.Event()
    assert intake is not None

    def give_up(_connection: object) -> str:
        given.wait(30)
        waiting.cancel()
        return "done"

    waiting = intake.in_transaction(give_up)
    given.set()
    assert waiting.result(30) == "done"
    sandbox.send(sandbox.event())
    assert sandbox.rows("SELECT count(*) FROM events WHERE environment_id = :e") == [(1,)]
