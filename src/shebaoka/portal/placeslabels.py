"""The words of the public's page of windows."""

PLACES: dict[str, tuple[str, str, str]] = {
    "places_title": ("办理窗口", "辦理窗口", "Service windows"),
    "places_says": (
        "申领、启用、挂失、解挂、解锁、补做和改密码，都在综合服务窗口办（7.1）。",
        "申領、啟用、掛失、解掛、解鎖、補做和改密碼，都在綜合服務窗口辦（7.1）。",
        "Applying, activating, reporting a loss, cancelling the report, unlocking, replacing and changing the PIN are "
        "done at the integrated service windows (7.1).",
    ),
    "places_has": (
        "各窗口的地址、开放时间、现在开不开门、离您多远，还有地图。",
        "各窗口的地址、開放時間、現在開不開門、離您多遠，還有地圖。",
        "Each window's address and opening hours, whether it is open now, how far it is, and a map.",
    ),
    "places_from": ("您从哪里出发？", "您從哪裡出發？", "Where do you start from?"),
    "places_anywhere": ("不选，只看窗口", "不選，只看窗口", "nowhere in particular"),
    "places_show": ("按远近排列", "按遠近排列", "Nearest first"),
    "places_as_the_crow_flies": (
        "距离是从{0}中心起的直线距离，路会长一些。",
        "距離是從{0}中心起的直線距離，路會長一些。",
        "Distances are as the crow flies from the middle of {0}; the way is longer.",
    ),
    "places_mine": ("用我现在的位置", "用我現在的位置", "Use my position"),
    "places_mine_says": (
        "位置只在这个页面里用来算距离，不会发给我们。",
        "位置只在這個頁面裡用來算距離，不會發給我們。",
        "Your position is used in this page alone, and is not sent to us.",
    ),
    "places_mine_done": (
        "已按离您的直线距离排列。位置没有发出去。",
        "已按離您的直線距離排列。位置沒有發出去。",
        "Sorted by how far they are from you, as the crow flies. Your position was not sent anywhere.",
    ),
    "places_mine_refused": (
        "浏览器没有给出位置。请在上面选一个出发地。",
        "瀏覽器沒有給出位置。請在上面選一個出發地。",
        "The browser did not give a position. Please choose a place above.",
    ),
    "places_list": ("窗口（{0} {1}）", "窗口（{0} {1}）", "Windows ({0} {1})"),
    "places_none": (
        "还没有登记窗口。请拨打咨询热线 {0}。",
        "還沒有登記窗口。請撥打諮詢熱線 {0}。",
        "No windows are on file yet. Please call the hotline {0}.",
    ),
    "places_windows": ("窗口：{0}", "窗口：{0}", "Windows: {0}"),
    "places_hours": ("开放时间：{0}", "開放時間：{0}", "Open: {0}"),
    "places_odd": ("近期变动：{0}", "近期變動：{0}", "Soon: {0}"),
    "places_distance": ("直线距离{0}", "直線距離{0}", "As the crow flies {0}"),
    "places_not_on_map": (
        "不在地图上：没有登记坐标。",
        "不在地圖上：沒有登記座標。",
        "Not on the map: its coordinates are not on file.",
    ),
    "places_map": ("窗口的位置", "窗口的位置", "Where the windows are"),
    "places_map_says": (
        "方框里的数字是列表里窗口的号，圆点是城区和乡镇。地图说的，列表都说。",
        "方框裡的數字是列表裡窗口的號，圓點是城區和鄉鎮。地圖說的，列表都說。",
        "Numbers in squares are those of the list; dots are towns. The list says all that the map says.",
    ),
    "places_start_is": (
        "双圈是{0}，虚线到最近的窗口。",
        "雙圈是{0}，虛線到最近的窗口。",
        "The double ring is {0}, the dashed line leads to the nearest window.",
    ),
    "places_north": ("北", "北", "N"),
    "places_km": ("公里", "公里", "km"),
    "places_m": ("米", "米", "m"),
}
