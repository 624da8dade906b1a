"""How platforms and the versions to reach are said. Pure."""

from __future__ import annotations

from worker.domain.text.tongue import N_, Tongue
from worker.domain.watch.products import title_of
from worker.domain.watch.versions import Fix

_PLATFORMS = {
    "ios": "iOS",
    "android": "Android",
    "macos": "macOS",
    "windows": "Windows",
    "windows_phone": "Windows Phone",
    "linux": "Linux",
    "tizen": "Tizen",
    "web": "Web",
}


def version_text(fix: Fix, tongue: Tongue) -> str:
    """Such as *2.26.1 or newer*."""
    text = N_("newer than {version}") if fix.is_newer else N_("{version} or newer")
    return tongue.say(text, version=fix.version)


def platform_text(name: str, tongue: Tongue) -> str:
    """A platform's name for people."""
    system = name.removesuffix("_business")
    if system in _PLATFORMS:
        title = _PLATFORMS[system]
    else:
        title = tongue.say("Desktop") if system == "desktop" else tongue.say("All platforms")
    return tongue.say("{platform} (Business)", platform=title) if system != name else title


def app_text(name: str, tongue: Tongue) -> str:
    """A messenger's app on a platform, by the name of both, such as `whatsapp.ios`."""
    messenger, _, platform = name.partition(".")
    return tongue.say(
        "{messenger}, {platform}", messenger=title_of(messenger), platform=platform_text(platform, tongue)
    )
