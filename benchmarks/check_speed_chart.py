"""A bar chart as SVG, readable on light and dark ground."""

from html import escape

_ROW, _LEFT, _WIDTH = 26, 250, 380


def bars(title: str, rates: dict[str, float]) -> str:
    """One bar for each approach, in MB/s."""
    most = max(rates.values())
    rows = []
    for i, (name, rate) in enumerate(rates.items()):
        y, width = 34 + i * _ROW, rate / most * _WIDTH
        colour = "#2f81f7" if name.startswith("ours") else "#8b949e"
        rows.append(
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="18" rx="3" fill="{colour}"/>'
            f'<text x="{_LEFT + width + 6:.1f}" y="{y + 13}">{rate:,.0f}</text>'
        )
    height = 44 + len(rates) * _ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="#768390">'
        f'<text x="12" y="20" font-weight="600">{escape(title)}: MB a second of processor time, more is better</text>'
        f"{''.join(rows)}</svg>\n"
    )
