BASE_FILE = Path("config/config.yaml")
CONFIG, LAYERS = checked(validation.check_and_type, checked(config_layers))
JOBS = plan.jobs(CONFIG)
checked(require_data, JOBS.values(), CONFIG.run.data_directory)
RESULTS = f"results/{CONFIG.tier}"
FIGURE_ROOT = f"figures/{CONFIG.tier}"


wildcard_constraints:
    backend="[a-z]+",
    table="|".join(outputs.TABLES),
    name="[a-z0-9_]+",


# The report lists the base and the overlay. The directive `configfile` would also read them again,
# with a parser that takes ten times as long as the one above. A module with a `config` lists none.
if not workflow.modifier.skip_configfile:
    workflow.configfiles += filter(os.path.isfile, [*LAYERS][:2])
