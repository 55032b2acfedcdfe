"""What `/metrics` says, read."""


def figures(page: str) -> dict[str, float]:
    """Each line's value by its name and labels."""
    lines = [line.rpartition(" ") for line in page.splitlines() if not line.startswith("#")]
    assert len({name for name, _, _ in lines}) == len(lines), "a line stands there twice"
    return {name: float(value) for name, _, value in lines}
