"""What a wallet calls the card and what stands in it: in simplified and traditional Chinese, and in English."""

CARD = ("社会保障卡", "社會保障卡", "social security card")
CLAIMS = {
    "name": ("姓名", "姓名", "Name"),
    "birthdate": ("出生日期", "出生日期", "Date of birth"),
    "social_security_number": ("社会保障号码", "社會保障號碼", "Social security number"),
    "region": ("参保地", "參保地", "County of insurance"),
    "card_kind": ("卡种", "卡種", "Kind of card"),
    "card_number": ("卡号", "卡號", "Card number"),
    "issued_on": ("发卡日期", "發卡日期", "Issued on"),
    "valid_until": ("有效期至", "有效期至", "Valid until"),
}
"""Every claim that a holder may disclose or keep back, in the order in which it is shown."""
