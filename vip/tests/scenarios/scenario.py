"""What makes a function of this folder a scenario, which `run.py` runs."""


def scenario(function):
    """Marks a function that is given a lab and fails if something is not as it is to be."""
    function.is_scenario = True
    return function
