FILES = ["config/config.yaml", *filter(None, [TIER_FILE])]
OVERRIDE = checked(config, FILES)
RESULTS = f"results/{config['tier']}"
FIGURE_ROOT = f"figures/{config['tier']}"

# What every command is given to read. The files are no input of any rule: what depends on the configuration names the part
# that it reads in `params`, and only an edit to that part makes it run again.
CONFIG = " ".join(FILES) + (
    f" --override {shlex.quote(json.dumps(OVERRIDE))}" if OVERRIDE else ""
)


wildcard_constraints:
    experiment="[a-z0-9_]+",
    backend="[a-z]+",
    table="|".join(outputs.TABLES),
    name="[a-z0-9_]+",
