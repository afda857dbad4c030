"""The nouns of the house: frozen, typed, without logic. Rooms import from here, not from the files inside."""

from shebaoka.records.decisions import (
    Accepted as Accepted,
)
from shebaoka.records.decisions import (
    Answer as Answer,
)
from shebaoka.records.decisions import (
    Decision as Decision,
)
from shebaoka.records.decisions import (
    Facts as Facts,
)
from shebaoka.records.decisions import (
    Given as Given,
)
from shebaoka.records.decisions import (
    NewPin as NewPin,
)
from shebaoka.records.decisions import (
    PinCheck as PinCheck,
)
from shebaoka.records.decisions import (
    PinOrder as PinOrder,
)
from shebaoka.records.decisions import (
    Receipt as Receipt,
)
from shebaoka.records.decisions import (
    Refused as Refused,
)
from shebaoka.records.facts import (
    Account as Account,
)
from shebaoka.records.facts import (
    Application as Application,
)
from shebaoka.records.facts import (
    Card as Card,
)
from shebaoka.records.facts import (
    CardKind as CardKind,
)
from shebaoka.records.facts import (
    Dossier as Dossier,
)
from shebaoka.records.facts import (
    Ending as Ending,
)
from shebaoka.records.facts import (
    Financial as Financial,
)
from shebaoka.records.facts import (
    Life as Life,
)
from shebaoka.records.facts import (
    Loss as Loss,
)
from shebaoka.records.facts import (
    Making as Making,
)
from shebaoka.records.facts import (
    OldRecord as OldRecord,
)
from shebaoka.records.facts import (
    Person as Person,
)
from shebaoka.records.facts import (
    Posting as Posting,
)
from shebaoka.records.facts import (
    Sex as Sex,
)
from shebaoka.records.facts import (
    Standing as Standing,
)
from shebaoka.records.facts import (
    Why as Why,
)
from shebaoka.records.grounds import (
    Basis as Basis,
)
from shebaoka.records.grounds import (
    Refusal as Refusal,
)
from shebaoka.records.grounds import (
    Step as Step,
)
from shebaoka.records.requests import (
    REQUESTS as REQUESTS,
)
from shebaoka.records.requests import (
    SERVICE_OF as SERVICE_OF,
)
from shebaoka.records.requests import (
    SERVICES as SERVICES,
)
from shebaoka.records.requests import (
    ActivateCard as ActivateCard,
)
from shebaoka.records.requests import (
    AddExtendedApplication as AddExtendedApplication,
)
from shebaoka.records.requests import (
    Agent as Agent,
)
from shebaoka.records.requests import (
    AmendApplication as AmendApplication,
)
from shebaoka.records.requests import (
    AnyRequest as AnyRequest,
)
from shebaoka.records.requests import (
    ApplyForCard as ApplyForCard,
)
from shebaoka.records.requests import (
    ApplyForTemporaryCard as ApplyForTemporaryCard,
)
from shebaoka.records.requests import (
    Ask as Ask,
)
from shebaoka.records.requests import (
    CancelCard as CancelCard,
)
from shebaoka.records.requests import (
    CancelLossReport as CancelLossReport,
)
from shebaoka.records.requests import (
    CancelReason as CancelReason,
)
from shebaoka.records.requests import (
    CarryOverAccount as CarryOverAccount,
)
from shebaoka.records.requests import (
    ChangePin as ChangePin,
)
from shebaoka.records.requests import (
    Channel as Channel,
)
from shebaoka.records.requests import (
    Code as Code,
)
from shebaoka.records.requests import (
    CollectCard as CollectCard,
)
from shebaoka.records.requests import (
    Digits as Digits,
)
from shebaoka.records.requests import (
    EndLossReport as EndLossReport,
)
from shebaoka.records.requests import (
    ExpireCard as ExpireCard,
)
from shebaoka.records.requests import (
    ExtendCard as ExtendCard,
)
from shebaoka.records.requests import (
    Fen as Fen,
)
from shebaoka.records.requests import (
    Function as Function,
)
from shebaoka.records.requests import (
    HandInCard as HandInCard,
)
from shebaoka.records.requests import (
    LookUpPerson as LookUpPerson,
)
from shebaoka.records.requests import (
    Material as Material,
)
from shebaoka.records.requests import (
    Name as Name,
)
from shebaoka.records.requests import (
    Number as Number,
)
from shebaoka.records.requests import (
    Purpose as Purpose,
)
from shebaoka.records.requests import (
    PutInBatch as PutInBatch,
)
from shebaoka.records.requests import (
    RecordBankAnswer as RecordBankAnswer,
)
from shebaoka.records.requests import (
    RecordMade as RecordMade,
)
from shebaoka.records.requests import (
    RecordReady as RecordReady,
)
from shebaoka.records.requests import (
    RecordRejected as RecordRejected,
)
from shebaoka.records.requests import (
    Region as Region,
)
from shebaoka.records.requests import (
    RegisterPerson as RegisterPerson,
)
from shebaoka.records.requests import (
    RemoveExtendedApplication as RemoveExtendedApplication,
)
from shebaoka.records.requests import (
    ReplaceCard as ReplaceCard,
)
from shebaoka.records.requests import (
    ReportLoss as ReportLoss,
)
from shebaoka.records.requests import (
    Request as Request,
)
from shebaoka.records.requests import (
    RequestId as RequestId,
)
from shebaoka.records.requests import (
    ResetPin as ResetPin,
)
from shebaoka.records.requests import (
    Sender as Sender,
)
from shebaoka.records.requests import (
    StopOldCard as StopOldCard,
)
from shebaoka.records.requests import (
    UnlockCard as UnlockCard,
)
from shebaoka.records.requests import (
    UseCard as UseCard,
)
from shebaoka.records.requests import (
    WithdrawApplication as WithdrawApplication,
)
from shebaoka.records.requests import (
    Words as Words,
)
from shebaoka.records.requests import (
    service_name as service_name,
)
from shebaoka.records.troubles import (
    BadInput as BadInput,
)
from shebaoka.records.troubles import (
    BadNotice as BadNotice,
)
from shebaoka.records.troubles import (
    Broken as Broken,
)
from shebaoka.records.troubles import (
    NoNotice as NoNotice,
)
from shebaoka.records.troubles import (
    NotAllowed as NotAllowed,
)
from shebaoka.records.troubles import (
    NotFound as NotFound,
)
from shebaoka.records.troubles import (
    NotSignedIn as NotSignedIn,
)
from shebaoka.records.troubles import (
    RequestIdUsed as RequestIdUsed,
)
from shebaoka.records.troubles import (
    StoreBusy as StoreBusy,
)
from shebaoka.records.troubles import (
    StoreDown as StoreDown,
)
from shebaoka.records.troubles import (
    StoreFull as StoreFull,
)
from shebaoka.records.troubles import (
    StoreOld as StoreOld,
)
from shebaoka.records.troubles import (
    Trouble as Trouble,
)
from shebaoka.records.troubles import (
    VaultTrouble as VaultTrouble,
)
from shebaoka.records.troubles import (
    WrongContentType as WrongContentType,
)
