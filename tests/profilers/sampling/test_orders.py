import os

import pytest

from profilers.sampling.orders import End, Orders, Watch


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    orders = Orders(reading)
    yield orders, writing
    try:
        os.close(writing)
    except OSError:
        return
    while not isinstance(orders.wait(10), End):  # so that no thread reads a closed pipe
        pass
    os.close(reading)


def test_orders_come_in_their_order_even_torn(pipe):
    orders, writing = pipe
    assert orders.wait(0) is None
    assert orders.wait(-1) is None
    for part in (b'{"pi', b'd": 12}\n{"stop"', b": true}\n"):
        os.write(writing, part)
    assert orders.wait(10) == Watch(12)
    assert orders.wait(10) == End("stopped")


def test_end_of_the_pipe_means_that_the_parent_died(pipe):
    orders, writing = pipe
    os.write(writing, b'{"pid": 12}\n{"pid": 1')
    os.close(writing)
    assert orders.wait(10) == Watch(12)
    assert orders.wait(10) == End("parent-died")


def test_line_that_is_no_order_is_told_and_passed_over(pipe, capsys):
    orders, writing = pipe
    os.write(writing, b'what\n{"pid": "x"}\n{"pid": 3}\n')
    assert orders.wait(10) == Watch(3)
    assert capsys.readouterr().err.count("an order was not understood") == 2
