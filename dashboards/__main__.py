"""``python -m dashboards`` writes the files anew."""

from dashboards.files import ROOT, files


def main() -> None:
    """Write what differs; remove what is no longer made."""
    made = files()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in [*ROOT.rglob("*.json"), *ROOT.rglob("*.yaml")]:
        if path not in made:
            path.unlink()


if __name__ == "__main__":
    main()
