"""Names of a context's members that tell what the value is: a secret, or content.

A name counts whole, without case, `-` and `_`, so that `api_key`, `apiKey` and `API-KEY` are one
and `prompt_tokens` is neither a prompt nor a token. A few that cannot mean anything else count at
the end of a longer name too (`OPENAI_API_KEY`). Of a dotted name the last part counts:
`gen_ai.input.messages` holds messages.
"""

import re
from typing import Final, Literal

_SENSITIVE_NAMES = """
    password passwords passwd pwd passphrase passcode secret secrets clientsecret apikey apikeys
    apitoken xapikey token accesstoken refreshtoken idtoken authtoken bearertoken sessiontoken
    csrftoken xsrftoken securitytoken oauthtoken bearer auth authorization proxyauthorization
    basicauth cookie cookies setcookie privatekey secretkey accesskey accesskeyid secretaccesskey
    accountkey subscriptionkey signingkey encryptionkey masterkey sharedkey sshkey credential
    credentials connectionstring jwt otp pin webhookurl"""
_SENSITIVE_ENDS: Final = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "apitoken",
    "bearertoken",
    "sessiontoken",
)
_CONTENT_NAMES = """
    prompt prompts systemprompt userprompt systeminstruction systeminstructions instructions
    messages inputmessages outputmessages completion completions content contents text thinking
    input inputs inputtext output outputs outputtext answer transcript
    conversation arguments args toolinput tooloutput toolargs toolarguments toolparameters
    toolresult toolresponse functionarguments stdin stdout stderr response requestbody responsebody
    body payload rawrequest rawresponse"""
_SENSITIVE: Final = frozenset(_SENSITIVE_NAMES.split())
_CONTENT: Final = frozenset(_CONTENT_NAMES.split())
_SEPARATORS: Final = re.compile(r"[-_ ]")
_NAME_LENGTH_MAX: Final = 128

Meaning = Literal["secret", "content"]


def meaning_of(name: str) -> Meaning | None:
    """Return what a member of this name holds: a secret, content, or neither.

    Content is what a model or a tool was told or has answered.
    """
    whole = _SEPARATORS.sub("", name[-_NAME_LENGTH_MAX:].lower())
    last = whole.rpartition(".")[2]
    if last in _SENSITIVE or last.endswith(_SENSITIVE_ENDS):
        return "secret"
    if last in _CONTENT:
        return "content"
    return None
