"""How a card looks: both its faces as pictures, and sheets of proofs to check them on before a batch leaves."""

from shebaoka.paper.cards.proof import PROOFS_MAX as PROOFS_MAX
from shebaoka.paper.cards.proof import card_faces as card_faces
from shebaoka.paper.cards.proof import card_proofs_pdf as card_proofs_pdf
