"""The command line: run markets and read what they left behind, serve one, speak to one."""

import sys

from souq.cli import approving as approving
from souq.cli import attacking as attacking
from souq.cli import calling as calling
from souq.cli import checking as checking
from souq.cli import compliance as compliance
from souq.cli import dealing as dealing
from souq.cli import evidence as evidence
from souq.cli import guarding as guarding
from souq.cli import hiring as hiring
from souq.cli import intake as intake
from souq.cli import keeping as keeping
from souq.cli import lab as lab
from souq.cli import lab_reading as lab_reading
from souq.cli import mcp_stdio as mcp_stdio
from souq.cli import metering as metering
from souq.cli import models as models
from souq.cli import onlooking as onlooking
from souq.cli import replicating as replicating
from souq.cli import reputation as reputation
from souq.cli import serving as serving
from souq.cli import signing_in as signing_in
from souq.cli import trading as trading
from souq.cli import trust as trust
from souq.cli import watching as watching
from souq.cli.commands import app
from souq.cli.output import MISTAKES, say_mistake

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit code 1."""
    try:
        app()
    except MISTAKES as error:
        say_mistake(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
