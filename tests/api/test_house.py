"""What the house says of its health is looked up, not assumed."""

from api.house import House
from core import settings


def test_a_worker_that_has_ended_is_not_called_ready(tmp_path):
    house = House(settings.load(environ={}, data_dir=tmp_path))
    assert house.checks()["worker"].startswith("unavailable")
    house.open()
    assert house.checks()["worker"] == "ok: embedded"
    house.close()
    assert house.checks()["worker"].startswith("unavailable")
    house.close()
