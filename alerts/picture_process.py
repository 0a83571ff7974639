"""Draws one picture: a Vega-Lite specification on standard input, a PNG on standard output. Run as a file of its own.

The engine that draws takes some 70 MB and holds its interpreter while it works, and nothing but the end of its process
ends it: whoever wants a picture starts this, waits so long, and kills it.
"""

import sys

import vl_convert


def main() -> None:
    """Nothing is loaded from anywhere."""
    spec = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(vl_convert.vegalite_to_png(spec, scale=1.5, allowed_base_urls=[]))


if __name__ == "__main__":
    main()
