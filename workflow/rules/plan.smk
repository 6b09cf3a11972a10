FILES = ["config/config.yaml", *filter(None, [TIER_FILE])]
OVERRIDE = validated_override(config, FILES)
RESULTS = f"results/{config['tier']}"
FIGURE_ROOT = f"figures/{config['tier']}"

# Configuration arguments of every command. The files are not an input of any rule: each rule lists
# the part that it depends on in `params`, so only an edit to that part makes it run again.
CONFIG = " ".join(FILES)
if OVERRIDE:
    CONFIG += f" --override {shlex.quote(json.dumps(OVERRIDE))}"


wildcard_constraints:
    experiment="[a-z0-9_]+",
    backend="[a-z]+",
    table="|".join(outputs.TABLES),
    name="[a-z0-9_]+",
