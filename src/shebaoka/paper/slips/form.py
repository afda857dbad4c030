"""The application form, on A4, for the applicant's or agent's signature. Clauses 4.2, 4.3, 7.2."""

from pathlib import Path
from typing import Any

from shebaoka.notice import Speech
from shebaoka.numbers import region_name, sex_and_birth_date
from shebaoka.paper.slips.pictures import photo_of, signature_of
from shebaoka.paper.slips.setting import Setting, begun
from shebaoka.paper.slips.shapes import ApplicationForm


def application_form_pdf(form: ApplicationForm, speech: Speech, *, base: str = "", fonts: Path | None = None) -> bytes:
    """The form in the language of `speech`. `base` and `fonts` as for `slip_pdf`.

    `BadInput` for a number that has no birth date, a photo that is no JPEG, or a signature that is more than strokes.
    """
    setting = Setting(speech, base, fonts)
    return setting.print("form.typ", setting.say["form"], _data(form, setting), form.applied_at)


def _data(form: ApplicationForm, setting: Setting) -> dict[str, Any]:
    """Everything that the template says."""
    say, words = setting.say, setting.speech.words
    sex, born_on = sex_and_birth_date(form.number)
    agent = form.agent
    return {
        "matter": setting.service(form.service),
        "person": [
            (say["name"], form.name),
            (say["whole_number"], form.number),
            (say["sex"], setting.words.sexes[sex]),
            (say["born"], setting.speech.date(born_on)),
            (say["region"], _region(form.region)),
            (say["phone"], form.phone),
        ],
        "agent_rows": [
            (say["agent_name"], agent.name),
            (say["agent_number"], agent.number),
            (say["relation"], agent.relation),
        ]
        if agent
        else [],
        "matters": [
            (say["service"], setting.service(form.service)),
            (say["card"], setting.card(form.card)),
            (say["why"], words.whys.get(form.why, form.why)),
            (say["fee"], setting.fee(form.fee_fen)),
            (say["collect_at"], form.collect_at),
        ],
        "materials": [begun(words.materials[m]) for m in form.materials],
        "photo": photo_of(form.photo) if form.photo is not None else [],
        "signature": signature_of(form.signature) if form.signature else "",
        "signature_label": say["agent_signature" if agent else "signature"],
        "applied_at": setting.minute(form.applied_at),
        "window": form.window,
        "clerk": form.clerk,
        "qr": setting.qr(form.slip_code),
    }


def _region(code: str) -> str:
    """A region by name and code, as far as it is known."""
    name = region_name(code) if code else None
    return f"{name} {code}" if name else code
