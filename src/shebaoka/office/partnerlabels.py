"""The words of makers, banks and the keys of their files, in three languages."""

PARTNERS: dict[str, dict[str, str]] = {
    "zh-Hans": {
        "partners": "制卡厂与银行", "partner": "合作方", "partner_code": "代码", "partner_kind": "类别",
        "partner_maker": "制卡厂", "partner_bank": "银行", "file_format": "文件格式",
        "add_partner": "增加合作方",
        "partner_hint": "代码由 2 到 32 个小写字母、数字或 - 组成，停用后不能再用。是制卡厂还是银行，由文件格式决定。",
        "our_keys": "我方密钥", "their_keys": "合作方公钥", "draw_keys": "生成新的我方密钥",
        "draw_keys_hint": "一把用来签名，一把供对方加密。原来的密钥在到期或停用前仍然有效。请把新公钥交给每个合作方，"
        "并电话核对密钥编号。",
        "add_their_key": "增加合作方公钥",
        "add_their_key_hint": "粘贴对方发来的 PEM 公钥，一次一把。先请对方在电话里念出密钥编号，核对无误再增加。",
        "pem": "PEM 公钥", "valid_from": "启用日（空着是今天）", "valid_until": "最后一天",
        "file_key_id": "密钥编号", "key_use": "用途", "use_sign": "签名", "use_seal": "加密",
        "key_days": "有效期", "key_good": "有效", "key_expires_soon": "即将到期", "key_is_expired": "已到期",
        "key_not_yet": "未启用", "show_pem": "显示公钥", "draw_them": "生成",
    },
    "zh-Hant": {
        "partners": "製卡廠與銀行", "partner": "合作方", "partner_code": "代碼", "partner_kind": "類別",
        "partner_maker": "製卡廠", "partner_bank": "銀行", "file_format": "檔案格式",
        "add_partner": "增加合作方",
        "partner_hint": "代碼由 2 到 32 個小寫字母、數字或 - 組成，停用後不能再用。是製卡廠還是銀行，由檔案格式決定。",
        "our_keys": "我方金鑰", "their_keys": "合作方公鑰", "draw_keys": "產生新的我方金鑰",
        "draw_keys_hint": "一把用來簽名，一把供對方加密。原來的金鑰在到期或停用前仍然有效。請把新公鑰交給每個合作方，"
        "並電話核對金鑰編號。",
        "add_their_key": "增加合作方公鑰",
        "add_their_key_hint": "貼上對方發來的 PEM 公鑰，一次一把。先請對方在電話裡念出金鑰編號，核對無誤再增加。",
        "pem": "PEM 公鑰", "valid_from": "啟用日（空著是今天）", "valid_until": "最後一天",
        "file_key_id": "金鑰編號", "key_use": "用途", "use_sign": "簽名", "use_seal": "加密",
        "key_days": "有效期", "key_good": "有效", "key_expires_soon": "即將到期", "key_is_expired": "已到期",
        "key_not_yet": "未啟用", "show_pem": "顯示公鑰", "draw_them": "產生",
    },
    "en": {
        "partners": "Makers and banks", "partner": "Partner", "partner_code": "Code", "partner_kind": "Kind",
        "partner_maker": "maker", "partner_bank": "bank", "file_format": "Format of files",
        "add_partner": "Add a partner",
        "partner_hint": "A code has 2 to 32 small letters, digits or dashes, and is not used again after its end. "
        "The format says whether it is a maker or a bank.",
        "our_keys": "Our keys", "their_keys": "Partners' public keys", "draw_keys": "Draw new keys of ours",
        "draw_keys_hint": "One to sign with, one to be sealed for. Earlier ones stay good until they expire or are "
        "ended. Give the new public keys to every partner, and compare the keys' ids by telephone.",
        "add_their_key": "Add a partner's public key",
        "add_their_key_hint": "Paste the public key in PEM that the partner sent, one at a time. Let them read its id "
        "to you over the telephone first.",
        "pem": "Public key in PEM", "valid_from": "First day (today if empty)", "valid_until": "Last day",
        "file_key_id": "Key id", "key_use": "Use", "use_sign": "to sign", "use_seal": "to be sealed for",
        "key_days": "Good", "key_good": "good", "key_expires_soon": "expires soon", "key_is_expired": "expired",
        "key_not_yet": "not good yet", "show_pem": "Show the public key", "draw_them": "Draw",
    },
}  # fmt: skip
