"""Functions that read what a browser says it is, by the ua-parser project's lists.

Adobe uses another reader (Yauaa); names are brought into its form where ua-parser's differ.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ua_parser import Result, parse

from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import SCALAR, STRING
from dataflows.mapping.language.values import valid

CATEGORY = "User agent"
LONGEST = 2000
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 5_1_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) "
    "Version/5.1 Mobile/9B206 Safari/7534.48.3"
)
NAMES = {
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome Webview",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "IE": "Internet Explorer",
}
DESKTOPS = ("Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian", "FreeBSD", "OpenBSD")
TELEVISIONS = ("tvOS", "Tizen", "WebTV", "Roku", "Android TV")
CONSOLES = ("PlayStation", "Xbox", "Nintendo")
TABLETS = ("iPad", "Tablet", "Kindle", "Nexus 7", "Nexus 9", "Nexus 10", "SM-T", "GT-P")


@lru_cache(maxsize=4096)
def _read(agent: str) -> Result:
    return parse(agent[:LONGEST])


def _parts(*numbers: str | None) -> str:
    return ".".join(number for number in numbers if number)


def os_name(found: Result) -> str:
    return found.os.family if found.os else "Unknown"


def os_version(found: Result) -> str:
    return _parts(found.os.major, found.os.minor, found.os.patch) if found.os else ""


def os_version_major(found: Result) -> str:
    return f"{os_name(found)} {found.os.major if found.os and found.os.major else '??'}"


def os_name_version(found: Result) -> str:
    return f"{os_name(found)} {os_version(found) or '??'}"


def agent_name(found: Result) -> str:
    family = found.user_agent.family if found.user_agent else "Unknown"
    return NAMES.get(family, family)


def agent_version(found: Result) -> str:
    agent = found.user_agent
    return (_parts(agent.major, agent.minor, agent.patch) if agent else "") or "??"


def agent_version_major(found: Result) -> str:
    return f"{agent_name(found)} {found.user_agent.major if found.user_agent and found.user_agent.major else '??'}"


def device_class(found: Result) -> str:
    """One of Adobe's words; from the device and the system, in the order in which they leave least doubt."""
    device = found.device.family if found.device else ""
    if device == "Spider":
        return "Robot"
    if any(name in f"{device} {os_name(found)}" for name in CONSOLES):
        return "Game Console"
    if any(name in f"{device} {os_name(found)}" for name in TELEVISIONS):
        return "TV"
    return _carried(found, device)


def _carried(found: Result, device: str) -> str:
    said, system = found.string, os_name(found)
    if "Watch" in device or system == "watchOS":
        return "Watch"
    if any(name in f"{device} {said}" for name in TABLETS) or (system == "Android" and "Mobile" not in said):
        return "Tablet"
    if system in ("iOS", "Android", "Windows Phone", "BlackBerry OS", "KaiOS"):
        return "Phone"
    return "Desktop" if system in DESKTOPS else "Unknown"


def _function(name: str, what: str, read: Callable[[Result], str], example: str) -> Function:
    def compute(agent: Any) -> str:
        return read(_read(valid(agent)))

    parameter = Parameter("user_agent", SCALAR, "What the browser says it is.")
    examples = (Example(f'{name}("{PHONE}")', example),)
    return Function(name, CATEGORY, what, (parameter,), STRING, examples, compute)


FUNCTIONS = (
    _function("ua_os_name", "The name of the operating system.", os_name, "iOS"),
    _function("ua_os_version_major", "The operating system with the first part of its version.",
        os_version_major, "iOS 5"),
    _function("ua_os_version", "The version of the operating system.", os_version, "5.1.1"),
    _function("ua_os_name_version", "The operating system with its version.", os_name_version, "iOS 5.1.1"),
    _function("ua_agent_version", "The version of the browser.", agent_version, "5.1"),
    _function("ua_agent_version_major", "The browser with the first part of its version.",
        agent_version_major, "Safari 5"),
    _function("ua_agent_name", "The name of the browser.", agent_name, "Safari"),
    _function("ua_device_class", "What sort of device it is.", device_class, "Phone"),
)  # fmt: skip
