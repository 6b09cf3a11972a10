from dirgrad.cli import main

main()
