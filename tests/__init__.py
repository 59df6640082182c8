from linn_cli.cli import spin_briefly

spin_briefly()  # machines that test are often busy
