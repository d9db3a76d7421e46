"""NVML's errors: what they mean for the figures that were asked for, and in a user's words."""

from typing import Any

LOST = "the GPU was lost, the driver can't reach it any more"
NOT_PERMITTED = "not permitted to this user"


def of_missing_function(library: Any) -> Exception:
    """The error for a function or constant that the Python bindings are too old to have."""
    error: Exception = library.NVMLError(library.NVML_ERROR_FUNCTION_NOT_FOUND)
    return error


def is_lost(library: Any, error: Any) -> bool:
    """Whether the GPU can't be reached any more until it, or the machine, is started anew."""
    return error.value in (library.NVML_ERROR_GPU_IS_LOST, library.NVML_ERROR_RESET_REQUIRED)


def is_lasting(library: Any, error: Any) -> bool:
    """Whether asking again would only give the same error."""
    return error.value in (
        library.NVML_ERROR_NOT_SUPPORTED,
        library.NVML_ERROR_FUNCTION_NOT_FOUND,
        library.NVML_ERROR_NO_PERMISSION,
        library.NVML_ERROR_INVALID_ARGUMENT,
        library.NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
    )


def reason(library: Any, error: Any) -> str:
    """Why a figure is missing, in a user's words."""
    if error.value == library.NVML_ERROR_NO_PERMISSION:
        return NOT_PERMITTED
    if is_lost(library, error):
        return LOST
    if is_lasting(library, error):
        return "not supported"
    return f"not readable at times ({error})"


def unreachable(library: Any, error: Any) -> str:
    """Why nothing can be asked of the driver at all, in a user's words."""
    known = {
        library.NVML_ERROR_LIBRARY_NOT_FOUND: "no NVIDIA driver on this machine",
        library.NVML_ERROR_DRIVER_NOT_LOADED: "NVIDIA's driver is installed, but not loaded",
        library.NVML_ERROR_LIB_RM_VERSION_MISMATCH: (
            "NVIDIA's library and its loaded driver differ in version, as after an update; restart "
            "the machine"
        ),
        library.NVML_ERROR_NO_PERMISSION: NOT_PERMITTED,
        library.NVML_ERROR_GPU_IS_LOST: LOST,
    }
    return known.get(error.value, f"NVIDIA's driver does not answer ({error})")
