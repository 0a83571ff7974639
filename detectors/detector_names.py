"""The detectors that may be chosen, by name; see :mod:`detectors.river_presets` for what each is."""

E_DETECTOR = "e_detector"
DETECTORS: tuple[str, ...] = (
    E_DETECTOR,
    "adwin",
    "page_hinkley",
    "kswin",
    "ddm",
    "eddm",
    "fhddm",
    "hddm_a",
    "hddm_w",
)
"""What the setting ``detector`` may be."""
