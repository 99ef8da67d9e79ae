"""The engines that cells can be run by, by name."""

from souq.lab.experiment.cluster import Cluster
from souq.lab.experiment.processes import Processes
from souq.lab.experiment.running import Engine


def engine_of(name: str, jobs: int, address: str) -> Engine:
    """Give an engine. Raises EngineMissing where its extra is not installed."""
    if name == "ray":
        return Cluster(jobs, address)
    return Processes(jobs)
