"""Commands that make results again, as text to copy."""


def tier_option(tier: str) -> str:
    """Return the arguments of Snakemake that choose a tier; empty for the default tier."""
    return "" if tier == "default" else f" --config tier={tier}"


def config_files(tier: str) -> str:
    """Return the configuration files of a tier, separated by spaces."""
    overlay = "" if tier == "default" else f" config/{tier}.yaml"
    return f"config/config.yaml{overlay}"
