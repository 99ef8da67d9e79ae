"""One connection to PostgreSQL, set up as a journal needs it. Only this module knows the driver."""

import contextlib
from collections.abc import Sequence
from typing import Any

from souq.journal.record import Damaged
from souq.journal.store import Unavailable

try:
    import psycopg
except ImportError:  # the extra `postgres` is not installed; whoever connects is told
    psycopg = None  # type: ignore[assignment]

_VERSION_MIN = 140_000
_CONNECT_S = 5

# A pooler in the way may not pass start-up options on, so these are set by a query. Nobody may
# turn off the wait for the disk, and a writer that has nothing to write is not to be thrown out.
_SETTINGS = """
SELECT set_config('default_transaction_isolation', 'read committed', false),
       set_config('default_transaction_read_only', $1, false),
       set_config('idle_session_timeout', '0', false),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
           WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
       current_setting('server_encoding')
"""


class AlreadyThere(Exception):
    """Somebody else made the same row, table or schema at the same time."""


class Connection:
    """A session in which every statement is a transaction of its own.

    It is safe between threads as the driver's is: one statement at a time.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Connect. Raises Unavailable."""
        if psycopg is None:
            raise Unavailable("PostgreSQL needs a driver: install souq[postgres]")
        self._url = url
        self._read_only = read_only
        self._is_closed = False
        self._session = self._connect()
        info = self._session.info
        self.place = f"{info.host or 'local'}/{info.dbname}"  # no user, no password

    def _connect(self) -> Any:
        try:
            session: Any = psycopg.connect(
                self._url,
                autocommit=True,
                client_encoding="utf8",
                connect_timeout=_CONNECT_S,
                # A server that has vanished is to be noticed in seconds, not after two hours.
                keepalives_idle=5,
                keepalives_interval=1,
                keepalives_count=3,
                tcp_user_timeout=5_000,
                cursor_factory=psycopg.RawCursor,
                prepare_threshold=0,
            )
        except psycopg.ProgrammingError as error:
            raise Unavailable(f"not the address of a database: {error}") from None
        except psycopg.Error as error:
            raise Unavailable(f"the database cannot be reached: {error}") from error
        try:
            if session.info.server_version < _VERSION_MIN:
                raise Unavailable("PostgreSQL 14 or newer is needed")
            mode = "on" if self._read_only else "off"
            encoding = session.execute(_SETTINGS, (mode,)).fetchone()[-1]
            if encoding != "UTF8":
                raise Unavailable(f"the database must be encoded in UTF8, not in {encoding}")
        except psycopg.Error as error:
            session.close()
            raise Unavailable(f"the database cannot be used: {error}") from error
        except BaseException:
            session.close()
            raise
        return session

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Execute one statement; `$1` stands for the first value.

        Raises Unavailable where the connection broke, and then nobody knows whether the statement
        took effect.
        """
        try:
            cursor = self._session.execute(statement, values, binary=True)
            return cursor.fetchall() if cursor.description else []
        except psycopg.errors.UniqueViolation as error:
            raise AlreadyThere(_line(error)) from error
        except (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateSchema) as error:
            raise AlreadyThere(_line(error)) from error
        except (
            psycopg.errors.UndefinedTable,
            psycopg.errors.UndefinedColumn,
            psycopg.errors.DataCorrupted,
            psycopg.errors.IndexCorrupted,
        ) as error:
            raise Damaged(0, f"the database says: {_line(error)}") from error
        except psycopg.Error as error:
            raise Unavailable(f"the database says: {_line(error)}") from error

    def rows_again(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Execute a statement that may be repeated, on a new connection where the old one broke."""
        try:
            return self.rows(statement, values)
        except Unavailable:
            if not self._session.closed or self._is_closed:
                raise
        self._session = self._connect()
        return self.rows(statement, values)

    def script(self, statements: str) -> None:
        """Execute many statements without values, all or none."""
        try:
            with self._session.transaction():
                psycopg.ClientCursor(self._session).execute(statements)
        except psycopg.errors.Error as error:
            if isinstance(
                error,
                (
                    psycopg.errors.UniqueViolation,
                    psycopg.errors.DuplicateTable,
                    psycopg.errors.DuplicateSchema,
                    psycopg.errors.DuplicateObject,
                ),
            ):
                raise AlreadyThere(_line(error)) from error
            raise Unavailable(f"the database says: {_line(error)}") from error

    def close(self) -> None:
        self._is_closed = True
        with contextlib.suppress(Exception):
            self._session.close()


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
