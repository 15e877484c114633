"""QR codes (ISO/IEC 18004), as pictures that stand inside a page."""

import base64
import io


def as_address(text: str) -> str:
    """A ``data:`` address of an SVG with the QR code of a text; error correction level Q, so that a scratched poster still reads."""
    import segno

    picture = io.BytesIO()
    segno.make(text, error="q", micro=False).save(picture, kind="svg", border=4, xmldecl=False, svgns=True, omitsize=True)
    return "data:image/svg+xml;base64," + base64.b64encode(picture.getvalue()).decode()
