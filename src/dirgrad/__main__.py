from dirgrad.cli.main import main

main()
