FILES = ["config/config.yaml", *filter(None, [TIER_FILE])]
CONFIG = validated_config(FILES, OVERRIDE)
JOBS = plan.jobs(CONFIG)
require_data(JOBS.values(), CONFIG.run.data_directory)
RESULTS = f"results/{CONFIG.tier}"
FIGURE_ROOT = f"figures/{CONFIG.tier}"

# Configuration arguments of every command. The files are not an input of any rule: each rule lists
# the part that it depends on in `params`, so only an edit to that part makes it run again.
ARGUMENTS = " ".join(FILES)
if OVERRIDE:
    ARGUMENTS += f" --override {shlex.quote(json.dumps(OVERRIDE))}"


wildcard_constraints:
    backend="[a-z]+",
    table="|".join(outputs.TABLES),
    name="[a-z0-9_]+",
