"""The profile, what it names (persona, safety rules), and the secrets that stand in variables."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

from kitsu_tui.config import ConfigError
from kitsu_tui.doctor.context import Context, start_line
from kitsu_tui.doctor.probe import Family, Probe
from kitsu_tui.doctor.report import Finding, bad, ok, skipped, split_advice, warn

SHOWN = 3
"""Problems of rule files that are told one by one."""
UNREADABLE = "the profile cannot be used"
SMOKE_TEST = "smollm2-135m-instruct-q4_1"

SECRETS = {
    "GUARD_API_KEY": "guard",
    "OBS_WS_PASSWORD": "obs",
    "OPENAI_API_KEY": "policy",
    "ORCHESTRATOR_API_KEY": "gateway",
    "TELEMETRY_API_KEY": "telemetry",
    "TWITCH_CLIENT_SECRET": "twitch",
    "TWITCH_OAUTH_TOKEN": "twitch",
    "TWITCH_REFRESH_TOKEN": "twitch",
    "VTS_AUTH_TOKEN": "avatar",
}
"""Variables that hold a secret, with the engine that wants it. Their values are never shown."""

_SECRET = re.compile(r"(TOKEN|PASSWORD|SECRET|API_KEY|_KEY)$", re.IGNORECASE)


def profile(context: Context) -> Finding:
    """Is it valid; which engines does it start."""
    loaded = context.loaded
    if loaded is None:
        found, do = split_advice(context.trouble)
        do = do or "correct it; profiles/base.yaml explains every key"
        return bad("profile", found, do, goes_first=True)
    from kitsu_tui.config import ENGINES

    on = [name for name in ENGINES if loaded.enabled(name)]
    found = f"{loaded.name}, {'LIVE' if loaded.profile.live else 'not live'}"
    found += f"; engines: {', '.join(on) or 'none'}"
    if loaded.disabled:
        found += f"; off by PIPELINE_DISABLE: {', '.join(loaded.disabled)}"
    if loaded.profile.live and loaded.profile.policy.model == SMOKE_TEST:
        return warn(
            "profile",
            f"{found}; but its mind is the starter's, a smoke test that rambles and swears",
            "name a real model: policy.model in the profile, or LLM_MODEL_NAME",
        )
    return ok("profile", found)


def needs(context: Context) -> Finding:
    """The order in which engines start."""
    if context.loaded is None:
        return skipped("order", UNREADABLE)
    from kitsu_tui.show.supervisor import specs

    try:
        found = specs(context.loaded)
    except ConfigError as err:
        return bad("order", str(err), "correct engines.*.needs in the profile", goes_first=True)
    elsewhere = [s.name for s in found if s.enabled and not context.used(s.name)]
    if elsewhere:
        return ok("order", f"by commands of your own: {', '.join(elsewhere)}")
    return ok("order", "every engine by Kitsu's own command")


def persona(context: Context) -> Finding:
    """Her persona's file."""
    if context.loaded is None:
        return skipped("persona", UNREADABLE)
    from kitsu_tui.config.persona import load_persona

    path = context.loaded.persona_path()
    preset = context.loaded.profile.persona.preset
    try:
        found = load_persona(path)
        found.check_preset(preset)
    except ConfigError as err:
        return bad("persona", str(err), f"correct {path}, or name another in persona.file")
    return ok("persona", f"{found.name}, preset {preset}")


def safety(context: Context) -> Finding:
    """The gate's rules: without any she stays silent."""
    if context.loaded is None:
        return skipped("safety", UNREADABLE)
    from kitsu_tui.show.safety import Keeper

    folder, files = context.loaded.safety_rules()
    keeper = Keeper(folder, files, context.loaded.blocklist(), context.loaded.languages())
    keeper.refresh(force=True)
    if keeper.gate is None:
        return bad("safety", keeper.error or "no rules", f"correct the files in {folder}")
    found = f"{len(keeper.gate.rules)} rules from {', '.join(context.loaded.safety_files())}"
    if problems := keeper.gate.problems:
        said = "; ".join(str(problem) for problem in problems[:SHOWN])
        return warn(
            "safety",
            f"{found}; {len(problems)} cannot be used: {said}",
            f"correct the files in {folder}; kitsu safety rules lists all",
        )
    return ok("safety", found)


def credit(context: Context) -> Finding:
    """What the licences of the profile's models want shown, or forbid."""
    if context.loaded is None:
        return skipped("credits", UNREADABLE)
    from kitsu_tui.cli.credits import known, used
    from kitsu_tui.cli.licenses import LicenseError, load_index

    try:
        entries = load_index()
    except LicenseError as err:
        return warn("credits", str(err), start_line())
    models = [(key, model, known(model, entries)) for key, model in used(context.loaded)]
    do = f"kitsu licenses --credits --profile {context.shown_profile}"
    forbidden = [entry.warning for _, _, entry in models if entry is not None and entry.warning]
    strange = [f"{key} {model}" for key, model, entry in models if entry is None]
    shown = [e.attribution for _, _, e in models if e is not None and e.credit == "required"]
    found = f"to be shown: {'; '.join(shown)}" if shown else "no model asks for a credit on stream"
    found += f"; terms not known here: {', '.join(strange)}" if strange else ""
    if forbidden:
        return warn("credits", f"{forbidden[0]} {found}", f"{do} tells more")
    if strange and context.loaded.profile.live:
        return warn("credits", found, f"read their own licence before you stream; {do}")
    return ok("credits", found)


def secrets(context: Context) -> list[Finding]:
    """Which secrets are set, never what they are; and whether others may read them."""
    known = {name for name in context.environ if _SECRET.search(name)} & set(SECRETS)
    said = [n for n in SECRETS if n in known and context.environ[n].strip()]
    unset = [n for n in SECRETS if n not in said]
    words = [f"set: {', '.join(said) or 'none'}", f"not set: {', '.join(unset)}"]
    found = [ok("secrets", "; ".join(words if unset else words[:1]))]
    found += [_dotenv(path) for path in dotenvs()]
    inside = _in_profile(context)
    if inside:
        found.append(
            warn(
                "secrets in profile",
                f"the profile gives engines {', '.join(inside)}",
                "move secrets to .env: a profile is shared and kept under version control",
            )
        )
    return found


def dotenvs() -> list[Path]:
    """The `.env` that is read: the first of the present folder's and the one beside profiles."""
    from kitsu_tui.config.profile import profiles_folder

    folders = [profiles_folder().parent]
    try:
        folders.insert(0, Path.cwd())
    except OSError:
        pass
    return [path for folder in folders if (path := folder / ".env").is_file()][:1]


def _dotenv(path: Path) -> Finding:
    if sys.platform == "win32":
        return ok(".env", str(path))
    found = path.stat()
    if found.st_mode & 0o077:
        return warn(
            ".env",
            f"{path} may be read by others (mode {stat.S_IMODE(found.st_mode):03o})",
            f"chmod 600 {path}",
        )
    if not os.access(path, os.R_OK):
        return warn(".env", f"{path} cannot be read", f"chmod 600 {path}, if it is yours")
    return ok(".env", f"{path}, yours alone")


def _in_profile(context: Context) -> list[str]:
    if context.loaded is None:
        return []
    from kitsu_tui.config import ENGINES

    engines = context.loaded.profile.engines
    return sorted(
        {name for e in ENGINES for name in getattr(engines, e).env if _SECRET.search(name)}
    )


FAMILY = Family(
    "Profile",
    (
        Probe("profile", profile),
        Probe("order", needs),
        Probe("persona", persona),
        Probe("safety", safety, 10.0),
        Probe("credits", credit),
        Probe("secrets", secrets),
    ),
)
