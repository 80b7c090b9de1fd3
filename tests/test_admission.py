"""What may begin: asked by the doors of everything that lasts."""

from threading import Thread

import pytest

from parlor import admission


@pytest.fixture
def counted():
    """`counted(body)`: a request whose app is `body()`. Two may be under way for more to begin."""
    admission.configure(2)
    app = admission.Counted(lambda body, _: body())
    yield lambda body: app(body, None)
    admission.configure(None)


def test_what_lasts_may_begin_until_too_much_is_under_way(counted):
    def nested(times):
        return counted(lambda: nested(times - 1)) if times else admission.has_room()

    assert [nested(times) for times in (1, 2, 3)] == [True, True, False]
    assert admission.has_room(), "they have ended"


def test_a_request_that_fails_is_over(counted):
    with pytest.raises(ZeroDivisionError):
        counted(lambda: 1 / 0)
    assert not admission.under_way


def test_nothing_begins_where_the_process_is_to_stop(counted):
    admission.close()
    assert not admission.has_room()


def test_threads_count_right(counted):
    threads = [Thread(target=lambda: [counted(list) for _ in range(2000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not admission.under_way
