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


# The files have been read above, as every command does. Snakemake reads the base and the overlay to
# list them in the report. As a module with a `config`, it does not read them.
for FILE in filter(os.path.isfile, [*LAYERS][:2]):

    configfile: FILE
