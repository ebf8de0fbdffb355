"""Threads of one process write to SQLite one after the other."""

import threading
import time

from milepost.store.engine import Turns


def test_writers_take_turns_in_the_order_they_came() -> None:
    turns = Turns()
    order: list[int] = []

    def write(number: int) -> None:
        with turns.turn():
            order.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    with turns.turn():
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._waiting) == number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3]
    assert turns._holder is None


def test_nobody_waits_for_ever_nor_for_themselves() -> None:
    turns = Turns()
    with turns.turn(), turns.turn():
        waited = threading.Thread(target=lambda: turns.turn(0.01).__enter__())
        waited.start()
        waited.join()
    assert turns._holder is None
    assert not turns._waiting
