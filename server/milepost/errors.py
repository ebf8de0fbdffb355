"""What can go wrong, as one tree; the docstring of a class is its default message.

MilepostError
├── BadRequest            400
│   └── Invalid           422
│       └── Unpublishable 422
├── Unauthorized          401
├── Forbidden             403
├── NotFound              404
├── Conflict              409
├── TooLarge              413
├── TooManyRequests       429
├── Unavailable           503
└── SettingError          – stops a command with exit code 2
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class MilepostError(Exception):
    """Something went wrong on our side."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        retry_after_s: int | None = None,
        values: Mapping[str, object] | None = None,
    ) -> None:
        """With `values`, the detail is a template such as "There is no plan %(plan)s." that a catalogue can translate."""
        self.template = detail or (type(self).__doc__ or "").strip()
        self.values = values
        self.detail = self.template % values if values is not None else self.template
        self.error_code = code or type(self).code
        self.retry_after_s = retry_after_s
        super().__init__(self.detail)


class BadRequest(MilepostError):
    """The request can't be read."""

    status = 400
    code = "bad_request"


class Invalid(BadRequest):
    """The request reads well but asks for something that can't be."""

    status = 422
    code = "invalid"
    errors: Sequence[dict[str, str]] = ()  # {pointer, message} of each place that is wrong
    parts: tuple[str, ...] = ()  # the sentences of a detail that joins several

    @classmethod
    def of_parts(cls, parts: Sequence[str]) -> "Invalid":
        """One error of several faults."""
        made = cls("; ".join(parts))
        made.parts = tuple(parts)
        return made


class Unpublishable(Invalid):
    """This guide has a problem that stops its publication; the errors name each place."""

    code = "unpublishable"


class Unauthorized(MilepostError):
    """No valid key or session came with the request."""

    status = 401
    code = "unauthorized"


class Forbidden(MilepostError):
    """Your role does not allow this."""

    status = 403
    code = "forbidden"


class NotFound(MilepostError):
    """There is nothing here under that id."""

    status = 404
    code = "not_found"


class Conflict(MilepostError):
    """Somebody else changed this first, or the name is taken."""

    status = 409
    code = "conflict"


class TooLarge(MilepostError):
    """The request is larger than this route takes."""

    status = 413
    code = "too_large"


class TooManyRequests(MilepostError):
    """Too many requests; wait as long as Retry-After says."""

    status = 429
    code = "too_many_requests"


class Unavailable(MilepostError):
    """The server can't answer now; try again."""

    status = 503
    code = "unavailable"


class SettingError(MilepostError):
    """A setting is wrong."""

    code = "setting"
