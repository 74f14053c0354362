"""Costs in whole nano-dollars: many at once come to the same as one by one."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.event.types import USD_MAX
from exporter.store.group_booking import ROUNDED_USD_MAX, sum_nano

ties = st.integers(0, 10**6).map(lambda half: (half + 0.5) / 1e9)
costs_usd = ties | st.floats(0, 1) | st.floats(0, ROUNDED_USD_MAX) | st.floats(0, USD_MAX)


@given(st.lists(costs_usd, max_size=100))
def test_costs_add_up_as_if_each_was_rounded_alone(costs: list[float]) -> None:
    """Exactly, or a replay that finds them in other groups would come to another sum."""
    assert sum_nano(costs) == sum(round(usd * 1e9) for usd in costs)
