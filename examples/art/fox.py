"""e. fox who keeps the inn: a height-field head covered with tufts of fur, a tied scarf. Original work, CC0."""

from kit import *

EX, EY = 122, 452
NOSE = (512, 588)
KEY = unit((-0.42, -0.6, 0.8))
FILL = unit((0.6, 0.0, 0.6))
RUST, ORANGE, AMBER, CREAM, UMBER = "#8f3a18", "#cf6224", "#eb9440", "#f3e2c6", "#35180f"
HEAD = [(0, 238), (96, 244), (176, 288), (228, 352), (256, 430), (276, 520), (270, 590), (226, 660), (150, 716)]
HEAD += [(76, 746), (0, 754)]
FACE = sym(HEAD)


def at(s, pts):
    """Points given as (distance from the middle towards side s, y)."""
    return [(512 + s * x, y) for x, y in pts]


def soft(path, blur):
    return cv2.GaussianBlur(mask(path)[..., 0], (0, 0), blur)


def head_z():
    u, v = np.abs(XX - 512) / 310, np.abs(YY - 492) / 285
    z = 210 * np.sqrt(np.clip(1 - u**2.3 - v**2.3, 0, 1))
    z += gau(512, 622, 92, 62, 78) + gau(512, 520, 40, 92, 46) + gau(512, 722, 60, 26, 26)
    for s in (-1, 1):
        z += gau(512 + s * 56, 632, 46, 32, 22) + gau(512 + s * 108, 400, 74, 20, 22, s * -0.18)
        z += gau(512 + s * EX, EY + 2, 58, 36, -30) + gau(512 + s * 205, 560, 66, 60, 22)
    return z - gau(512, 694, 62, 9, 10) - gau(512, 330, 16, 60, 6)


def markings():
    """Colour of the fur before light: rust back of the nose, cream cheeks and muzzle, umber beside the nose."""
    c = lerp(flat(ORANGE), flat(RUST), np.clip(gau(512, 330, 60, 120, 0.75) + gau(512, 500, 26, 80, 0.5), 0, 0.8))
    for s in (-1, 1):
        c = lerp(c, flat(AMBER), soft(blob(at(s, [(60, 330), (150, 350), (205, 420), (130, 400)])), 16) * 0.8)
        cheek = at(
            s,
            [(52, 560), (100, 548), (168, 566), (238, 528), (340, 500), (360, 640), (250, 740), (120, 800), (0, 800)],
        )
        c = lerp(c, flat(CREAM), soft(blob(cheek + at(s, [(0, 610)])), 11))
        c = lerp(c, flat(CREAM), soft(ell(512 + s * 92, 372, 26, 12, rot=s * -0.3), 6) * 0.85)
        tear = at(s, [(66, 468), (84, 478), (92, 530), (104, 580), (96, 612), (74, 580), (58, 520)])
        c = lerp(c, flat(UMBER), soft(blob(tear), 10) * 0.78)
    return c


def flow(x, y):
    """Which way the fur lies: away from the nose, hanging where it is long."""
    dx, dy = x - 512, y - 575
    far = min(1.0, abs(dx) / 230)
    dy += 150 * far if y > 470 else 0
    if y > 660:
        dy += 120
    return math.atan2(dy, dx)


def fur(L, colours, places, length, width, rng, way=flow, spread=0.16):
    """Tufts at the places, those further along the fur first, so that they overlap like tiles."""
    for x, y in places:
        t = way(x, y) + rng.normal(0, spread)
        ln = length(x, y) * rng.uniform(0.7, 1.25)
        w = width(x, y) * rng.uniform(0.7, 1.2)
        c = colours[min(W - 1, max(0, int(y))), min(W - 1, max(0, int(x)))] * 255
        c = np.clip(c * (1 + rng.normal(0, 0.055)), 0, 255)
        tuft(L, x, y, t, ln, w, tuple(c), rng.normal(0, 0.14) * ln)


def scattered(region, n, rng, depth):
    ys, xs = np.nonzero(region)
    k = rng.integers(0, len(xs), n)
    return sorted(zip(xs[k].astype(float), ys[k].astype(float)), key=lambda p: -depth(*p))


def from_nose(x, y):
    return math.hypot(x - 512, (y - 575) * 1.05)


def lit(z, colours, **k):
    return shade(z, colours, KEY, FILL, rimc=(0.42, 0.78, 0.86), **k)


def bounced(colours):
    """Cream fur keeps its light in the shade: what the ruff throws back under muzzle and cheeks."""
    low = np.clip((YY - 560) / 170, 0, 1) * np.clip(1.15 - np.abs(XX - 512) / 330, 0, 1)
    warm = colours * 0.52 + flat("#f6dcb4") * 0.47
    return np.clip(lerp(colours, np.maximum(colours, warm), low * 0.9), 0, 1)


EAR = [(62, 300), (78, 236), (126, 140), (206, 52), (252, 150), (266, 250), (250, 350), (160, 380)]
EAR_IN = [(108, 290), (122, 226), (154, 156), (200, 96), (226, 170), (232, 250), (214, 320), (160, 330)]
TILT = {-1: -0.10, 1: 0.05}


def turned(s, pts):
    a, (ox, oy) = s * TILT[s] * s, (512 + s * 160, 330)
    return [
        (ox + (x - ox) * math.cos(a) - (y - oy) * math.sin(a), oy + (x - ox) * math.sin(a) + (y - oy) * math.cos(a))
        for x, y in at(s, pts)
    ]


def ear(L, s, rng):
    outer, inner = turned(s, EAR), turned(s, EAR_IN)
    tip = np.array(turned(s, [(206, 52)])[0])
    whole, hollow = blob(outer), blob(inner)
    d = np.hypot(XX - tip[0], YY - tip[1])
    side = np.clip((s * (XX - 512) - 150) / 110, 0, 1)
    c = lerp(flat("#d86a28" if s < 0 else "#b9551f"), flat("#8a3c1a"), side * (0.3 if s < 0 else 0.75))
    c = lerp(c, flat("#24110c"), np.clip(1.25 - d / 130, 0, 1) ** 0.7)
    L.f(whole, "#3a190e")
    way = lambda x, y: math.atan2(tip[1] - 30 - y, (tip[0] - x) * 0.6 + s * 14)
    region = mask(whole)[..., 0] > 0.5
    fur(L, c, scattered(region, 1500, rng, lambda x, y: -y), lambda x, y: 30, lambda x, y: 8, rng, way)
    L.f(hollow, "#2c130e", blur=5)
    with L.clip(hollow):
        L.f(
            hollow,
            sh=G("lin", turned(s, [(180, 90)])[0], turned(s, [(150, 320)])[0], ["#3a1a14", "#6e3428", "#a85f4a"]),
        )
        L.f(blob(turned(s, [(176, 140), (214, 190), (216, 300), (190, 280)])), "#2a110d", a=0.7, blur=14)
    for edge, lean, n in (
        ((104, 300, 138, 190), 0.55, 46),
        ((214, 330, 236, 220), -0.5, 26),
        ((116, 330, 210, 330), 0.1, 60),
    ):
        for _ in range(n):
            t = rng.random()
            x, y = turned(s, [(edge[0] + t * (edge[2] - edge[0]), edge[1] + t * (edge[3] - edge[1]))])[0]
            c = mix(mix(CREAM, "#c98f5e", rng.random() * 0.8), "#4a2a20", 0.25 + 0.35 * (s > 0))
            tuft(
                L,
                x,
                y,
                -1.57 + s * (lean + rng.normal(0, 0.16)),
                rng.uniform(50, 96),
                rng.uniform(5, 10),
                c[:3],
                s * 8,
                a=0.9,
            )
    if s < 0:
        x, y = turned(s, [(248, 176)])[0]
        L.f(ell(x - 2, y + 18, 19, 22), "#1a0c08", a=0.6, w=8, blur=3)
        L.f(
            ell(x - 4, y + 14, 19, 22),
            sh=G("lin", (x - 20, y - 8), (x + 14, y + 36), ["#fff0b0", "#d49a3a", "#6d4212"]),
            w=7.5,
        )
        tuft(L, x + 14, y + 2, math.pi, 26, 13, rgb("#9a4a20")[:3], 2)


def body(rng):
    L = Layer()
    coat = blob(
        at(1, [(0, 850), (150, 836), (250, 860), (350, 905), (420, 985), (450, 1100), (0, 1110)])
        + at(-1, [(450, 1100), (420, 985), (350, 905), (250, 860), (150, 836)])
    )
    L.f(coat, sh=G("lin", (150, 850), (880, 1040), ["#e6d8ba", "#c3ae8c", "#75634f"]))
    with L.clip(coat):
        for s in (-1, 1):
            for x0, x1 in ((260, 300), (318, 352), (372, 404)):
                L.stroke(at(s, [(x0, 890), (x0 + 26, 960), (x1, 1060)]), 18, "#6a5642", a=0.5, blur=7)
                L.stroke(
                    at(s, [(x0 - 12, 890), (x0 + 10, 960), (x1 - 16, 1060)]),
                    9,
                    "#fff6de",
                    a=0.6 if s < 0 else 0.25,
                    blur=4,
                )
            vest = poly(
                samp(at(s, [(150, 838), (214, 862), (262, 920), (282, 1000), (290, 1080)]), 40).tolist()
                + at(s, [(0, 1080), (40, 1000), (96, 910)])
            )
            L.f(vest, "#120a08", a=0.6, blur=10)
            L.f(
                vest,
                sh=G(
                    "lin",
                    (512 + s * 40, 860),
                    (512 + s * 280, 1040),
                    ["#6d3f26", "#4c2a1c", "#33201a"] if s < 0 else ["#4f2c1e", "#3a221a", "#241614"],
                ),
            )
            L.f(
                poly(samp(at(s, [(150, 838), (214, 862), (262, 920), (282, 1000), (290, 1080)]), 40), False),
                "#c98a4a" if s < 0 else "#7a4a2c",
                a=0.9,
                w=4,
            )
            L.f(
                poly(samp(at(s, [(138, 850), (204, 876), (248, 930), (268, 1006), (276, 1080)]), 40), False),
                "#1a0d0a",
                a=0.55,
                w=3,
            )
            L.stroke(at(s, [(120, 900), (60, 980), (30, 1080)]), 6, "#b07a44", a=0.6)
        for y in (964, 1016):
            L.f(ell(560, y + 4, 14, 14), "#0e0705", a=0.7, blur=3)
            L.f(ell(558, y, 13, 13), sh=G("rad", (553, y - 5), 18, ["#fff0b4", "#cf953a", "#6b4214"]))
    return brush(L.arr(), 3, sizes=((30, 700, 0.55), (14, 1800, 0.6), (7, 2600, 0.55)), jit=0.025)


def scarf(rng):
    L = Layer()
    TE, TD, TLt = "#1f5f63", "#0f3539", "#4a9a94"
    ends = (
        [(540, 900), (520, 960), (476, 1020), (452, 1090), (560, 1090), (572, 1000), (574, 920)],
        [(560, 900), (600, 950), (640, 1010), (668, 1080), (590, 1090), (566, 1000)],
    )
    for k, e in enumerate(ends):
        p = blob(e)
        L.f(p, "#0a0c0c", a=0.55, blur=10)
        L.f(p, sh=G("lin", (480, 900), (640, 1060), [TE, TD] if k else ["#2d7a7a", TD]))
        with L.clip(p):
            L.stroke(
                [(556, 910), (540, 980), (510, 1080)] if not k else [(566, 910), (604, 990), (622, 1080)],
                12,
                TLt,
                a=0.45,
                blur=4,
            )
    ring = poly(
        np.vstack(
            [
                samp(
                    at(-1, [(262, 770), (252, 830), (150, 904), (0, 934), (-150, 908), (-252, 836), (-262, 776)]), 80
                ),
                samp(
                    at(-1, [(-262, 776), (-210, 790), (-120, 800), (0, 800), (120, 800), (210, 790), (262, 770)]), 60
                ),
            ]
        )
    )
    L.f(ring, "#0a0c0c", a=0.6, blur=12)
    L.f(ring, sh=G("lin", (270, 780), (760, 920), ["#3d8f8a", TE, TD]))
    with L.clip(ring):
        for i, (y0, y1, y2) in enumerate(((800, 868, 822), (824, 892, 846), (846, 912, 866))):
            q = [(252, y0), (380, y1 - 12), (512, y1 + 14), (640, y1 - 12), (772, y2)]
            L.stroke(q, 16, "#08262a", a=0.75, blur=5)
            L.stroke([(x, y + 13) for x, y in q], 9, TLt, a=0.55, blur=3)
        for k in range(34):
            t = rng.uniform(-1, 1)
            x, y = 512 + 250 * t, 806 + (1 - t * t) * rng.uniform(10, 118) + 20 * abs(t)
            L.f(ell(x, y, 6.5, 5.5), "#e9c878", a=0.85 - 0.4 * (t > 0.1))
        L.f(ell(512, 792, 190, 36), "#041416", a=0.75, blur=18)
        L.stroke([(600, 900), (700, 868), (768, 800)], 12, "#9fe0dc", a=0.5, blur=5)
    knot = blob([(520, 890), (556, 876), (594, 892), (600, 928), (566, 950), (528, 936)])
    L.f(knot, "#06181a", a=0.7, blur=8)
    L.f(knot, sh=G("lin", (520, 880), (596, 950), ["#4fa39c", TE, TD]))
    with L.clip(knot):
        L.stroke([(530, 896), (552, 914), (548, 944)], 9, "#08262a", a=0.7, blur=3)
        L.stroke([(544, 888), (572, 908), (578, 940)], 6, "#8fd0c8", a=0.5, blur=2)
    return brush(L.arr(), 5, sizes=((14, 1500, 0.45), (7, 2600, 0.5), (4, 2600, 0.45)), jit=0.022)


def ruff(L, rng):
    """Long cream fur of the throat, over the collar."""
    for k in range(560):
        t = rng.uniform(-1, 1)
        v = k / 560
        x, y = 512 + t * (236 - 90 * v), 800 - 90 * v - 30 * t * t
        under_chin = max(0.0, v - 0.35) * 1.1 * (1 - 0.7 * t * t)
        shade_ = np.clip(0.34 - 0.34 * v + 0.30 * t + under_chin + rng.normal(0, 0.1), 0, 0.95)
        c = mix(mix("#fff3dc", "#c7a27c", shade_), "#6d4a3c", shade_ * 0.6)
        tuft(
            L,
            x,
            y,
            1.57 - t * 0.75 + rng.normal(0, 0.14),
            rng.uniform(56, 100),
            rng.uniform(9, 17),
            c[:3],
            rng.normal(0, 8),
        )


def cheek_tufts(L, colours, rng):
    """The flaring locks that make the outline."""
    for s in (-1, 1):
        locks = []
        for k in range(58):
            t = k / 57
            x0, y0 = 512 + s * (236 - 92 * t**1.6 + rng.normal(0, 10)), 486 + 214 * t + rng.normal(0, 6)
            a = 0.15 + 0.85 * t + rng.normal(0, 0.07)
            ln = (96 + 60 * math.sin(math.pi * min(1, t * 1.25))) * rng.uniform(0.72, 1.12)
            locks.append((ln, x0, y0, a if s > 0 else math.pi - a, ln))
        for _, x, y, a, ln in sorted(locks, reverse=True):
            c = colours[int(y), int(512 + (x - 512) * 0.92)] * 255 * (0.74 if s > 0 else 0.88)
            tuft(L, x, y, a, ln, rng.uniform(24, 34), tuple(np.clip(c, 0, 255)), s * rng.uniform(4, 16))
            d = (math.cos(a), math.sin(a))
            tuft(
                L,
                x + d[0] * ln * 0.1,
                y + d[1] * ln * 0.1 - 5,
                a,
                ln * 0.7,
                8,
                tuple(np.clip(c * 1.22 + 8, 0, 255)),
                s * 8,
                a=0.8,
            )


def wisps(L, colours, rng):
    """Single hairs beyond the locks: without them the outline looks cut from paper."""
    for s in (-1, 1):
        for _ in range(230):
            t = rng.random()
            x0, y0 = 512 + s * (262 - 96 * t**1.6 + rng.normal(0, 16)), 404 + 296 * t
            a = -0.35 + 1.35 * t + rng.normal(0, 0.14)
            c = colours[int(y0), int(512 + (x0 - 512) * 0.9)] * 255 * rng.uniform(0.85, 1.2)
            ln = rng.uniform(30, 68) * (0.55 + 0.75 * math.sin(math.pi * min(1, t * 1.15 + 0.1)))
            c = tuple(np.clip(c, 0, 255))
            tuft(L, x0, y0, a if s > 0 else math.pi - a, ln, rng.uniform(2.5, 5), c, s * rng.uniform(2, 16), a=0.75)


def base():
    rng = np.random.default_rng(31)
    under = over(body(rng), scarf(rng))
    z = head_z()
    colours = bounced(lit(z, markings(), aok=0.006))
    E = Layer()
    for s in (-1, 1):
        ear(E, s, rng)
    under = over(under, E.arr())
    R = Layer()
    ruff(R, rng)
    under = over(under, R.arr())
    L = Layer()
    wisps(L, colours, rng)
    cheek_tufts(L, colours, rng)
    wisps(L, colours, rng)
    L.f(blob(FACE), "#7a3a1c", blur=6)
    L.f(ell(512, 590, 90, 70), "#d8b48c", blur=12)
    region = mask(blob(FACE))[..., 0] > 0.5
    short = lambda x, y: 12 + 26 * np.clip((from_nose(x, y) - 60) / 220, 0, 1)
    thin = lambda x, y: 5 + 6 * np.clip((from_nose(x, y) - 60) / 220, 0, 1)
    fur(
        L,
        colours,
        scattered(region, 9000, rng, from_nose),
        lambda x, y: short(x, y) * 1.3,
        lambda x, y: thin(x, y) * 1.7,
        rng,
    )
    fur(L, np.clip(colours * 1.04, 0, 1), scattered(region, 12000, rng, from_nose), short, thin, rng)
    face = L.arr()
    D = Layer()
    for s in (-1, 1):  # dark rims that the eyes lie in
        X = lambda x, y: (512 + s * (EX + x), EY + y)
        rim = blob(
            [
                X(-84, 44),
                X(-60, 6),
                X(-30, -34),
                X(14, -46),
                X(54, -36),
                X(80, -22),
                X(60, 16),
                X(24, 38),
                X(-24, 38),
                X(-56, 32),
            ]
        )
        D.f(rim, UMBER, a=0.62, blur=7)
        for k in range(9):
            D.f(ell(*at(s, [(58 + (k % 3) * 20, 618 + (k // 3) * 13 + (k % 3) * 3)])[0], 2.6, 2.6), UMBER, a=0.75)
    nose(D)
    D.stroke([(512, 620), (511, 638), (512, 658)], 7, "#7a4a38", a=0.85, kind="tip")
    D.f(ell(512, 700, 46, 8), "#8a5a44", a=0.38, blur=7)
    face = over(face, D.arr() * face[..., 3:])
    return over(under, face)


def nose(L):
    p = blob(
        [
            (456, 570),
            (474, 552),
            (512, 546),
            (550, 552),
            (568, 570),
            (562, 594),
            (536, 612),
            (512, 626),
            (488, 612),
            (462, 594),
        ]
    )
    L.f(p, "#1c0c08", a=0.5, blur=8)
    L.f(p, sh=G("lin", (470, 546), (560, 630), ["#4a2a26", "#24120f", "#120808"]))
    with L.clip(p):
        L.f(ell(494, 562, 26, 8, rot=-0.15), "#c9a9a0", a=0.8, blur=4)
        L.f(ell(488, 559, 9, 3.4), "#ffffff", a=0.9, blur=1.4)
        L.stroke([(560, 566), (566, 586), (548, 604)], 5, "#8fd0dc", a=0.7, blur=1.5)
        for s in (-1, 1):
            L.f(blob(at(s, [(20, 588), (34, 580), (46, 588), (38, 598), (24, 600)])), "#050202", blur=1.2)
            L.stroke(at(s, [(16, 600), (34, 604), (50, 592)]), 4, "#6a4038", a=0.7, blur=1)
        L.stroke([(512, 594), (512, 624)], 4, "#080303", a=0.9)


UP = [(-62, 22), (-40, -8), (-8, -31), (28, -32), (58, -14), (66, -8)]
LO = [(66, -8), (50, 16), (18, 30), (-18, 31), (-44, 26), (-62, 22)]


def eyes(skin):
    Wt, Ir, Lo, LL = (Layer() for _ in range(4))
    hull, line_ = Layer(), Layer()
    lm = {}
    for s, nm in ((-1, "left"), (1, "right")):
        X = lambda x, y: (512 + s * (EX + x), EY + y)
        U, B = samp([X(*p) for p in UP], 40), samp([X(*p) for p in LO], 40)
        e = poly(np.vstack([U, B]))
        Wt.f(e, sh=G("rad", X(4, 0), 70, ["#fbf3df", "#e8d5b4", "#a8784e"], [0, 0.55, 1]))
        with Wt.clip(e):
            Wt.f(poly(U, False), "#2a120c", a=0.7, w=26, blur=7)
        ix, iy, r = *X(4, -2), 34
        Ir.f(ell(ix, iy, r, r), "#3a1a08")
        Ir.f(
            ell(ix, iy, r - 2, r - 2),
            sh=G("lin", (0, iy - r), (0, iy + r), ["#7a3a0c", "#d9821c", "#f7c648", "#fff0a0"], [0, 0.4, 0.72, 1]),
        )
        for k in range(48):
            t = k / 48 * 2 * np.pi
            Ir.stroke(
                [(ix + 12 * math.cos(t), iy + 15 * math.sin(t)), (ix + 30 * math.cos(t), iy + 30 * math.sin(t))],
                1.8,
                "#fff2b8" if math.sin(t) > 0 else "#5a2606",
                a=0.4,
            )
        Ir.f(ell(ix, iy - 22, 32, 14), "#2a0e04", a=0.6, blur=6)
        Ir.f(ell(ix, iy, 9.5, 19), "#0c0503")
        Ir.f(ell(ix - 10, iy - 12, 7.5, 7), "#ffffff")
        Ir.f(ell(ix + 11, iy + 12, 4, 3.4), "#ffe6b0", a=0.9)
        Lo.stroke(
            [X(-78, 40)] + [X(x, y - 2) for x, y in UP[:-1]] + [X(84, -26)],
            15,
            "#180a07",
            kind=lambda u: np.clip(0.2 + u * 1.3, 0, 1) * np.clip((1 - u) / 0.16, 0.02, 1) ** 0.7,
        )
        Lo.stroke([X(-44, -20), X(-8, -46), X(30, -46), X(62, -30)], 5, "#5a2814", a=0.7, blur=1)
        Lo.stroke([X(-70, 30), X(-40, 30), X(-14, 35), X(20, 34), X(52, 20), X(70, -6)], 7, "#1d0c08")
        shut = [X(-68, 30), X(-40, 30), X(-10, 33), X(26, 30), X(54, 15), X(70, -4)]
        hull.f(
            poly(
                np.vstack(
                    [
                        samp([X(-68, 30), X(-50, -14), X(-12, -44), X(30, -46), X(62, -28), X(72, -4)], 40),
                        samp(shut[::-1], 40),
                    ]
                )
            ),
            "#ffffff",
            blur=1,
        )
        line_.f(poly(samp(shut, 40), False), "#3a180c", a=0.5, w=14, blur=5)
        line_.stroke(
            [X(-76, 36)] + shut[1:-1] + [X(84, -16)],
            12,
            "#180a07",
            kind=lambda u: np.clip(0.25 + u * 1.3, 0, 1) * np.clip((1 - u) / 0.14, 0.02, 1) ** 0.7,
        )
        LL.f(
            blob([X(-66, 26), X(-20, 24), X(24, 22), X(66, -6), X(50, 27), X(18, 40), X(-24, 41), X(-56, 36)]),
            "#ffffff",
            blur=1,
        )
        lm["eye_" + nm] = np.vstack([U[::2], B[::2]])
        lm["iris_" + nm] = dict(centre=[ix, iy], radius=r, rx=r, ry=r)
    lid = over(lids(skin), line_.arr()) * np.maximum(hull.arr(), line_.arr())[..., 3:]
    return Wt.arr(), Ir.arr(), Lo.arr(), lid, skin * LL.arr()[..., 3:], lm


def lids(skin):
    """Short fur of the closed upper lids: at the crease the colour of the fur around, then as light as the brow's."""
    L = Layer()
    rng = np.random.default_rng(8)
    around = cv2.GaussianBlur(skin, (0, 0), 5)
    for s in (-1, 1):
        for k in range(900):
            u, v = rng.uniform(-76, 80), k / 900
            x, y = 512 + s * (EX + u), EY - 58 + 92 * v + rng.normal(0, 3)
            c = around[int(y), int(x), :3] * 255
            light = np.clip((v - 0.05) / 0.45, 0, 1) * (1 - (u / 95) ** 4)
            c = mix(
                tuple(c), mix("#e07c30" if s < 0 else "#c9601f", "#8a3c18", 0.55 * max(0.0, v - 0.6)), 0.9 * light
            )
            c = np.clip(np.array(c[:3]) * (1 + rng.normal(0, 0.05)), 0, 255)
            tuft(L, x, y, math.atan2(1.0, s * (0.25 + u / 70)), rng.uniform(12, 20), rng.uniform(6, 9), tuple(c))
        crease = [(512 + s * (EX + x), EY + y) for x, y in ((-44, -14), (-8, -37), (28, -38), (58, -24))]
        L.stroke(crease, 6, "#4a2010", a=0.45, blur=2)
    return over(skin, L.arr())


def brows():
    o, lm = [], {}
    rng = np.random.default_rng(12)
    for s, nm in ((-1, "left"), (1, "right")):
        L = Layer()
        lift = 10 if s > 0 else 0
        c = samp(
            [(512 + s * x, y - lift * (0.4 + x / 200)) for x, y in [(52, 408), (90, 386), (134, 376), (186, 392)]],
            100,
        )
        for k in range(90):
            i = int(rng.uniform(0, 99))
            v = i / 99
            x, y = c[i] + rng.normal(0, [3, 5])
            a = -0.9 + 1.25 * v + rng.normal(0, 0.12)
            col_ = mix("#2a120b", "#7a3416", rng.random() ** 1.6)
            tuft(L, x, y, a if s > 0 else math.pi - a, rng.uniform(26, 44), rng.uniform(6, 10), col_[:3], s * 4)
        o.append(L.arr())
        lm["brow_" + nm] = c[::8]
    return o, lm


CL, CR = (425, 656), (600, 652)
INNER = [(448, 665), (478, 671), (499, 668), (512, 663), (525, 668), (548, 670), (578, 661)]
LIP = lipdata(
    CL,
    CR,
    [(452, 650), (482, 647), (512, 643), (544, 646), (574, 647)],
    INNER,
    INNER,
    [(450, 678), (478, 688), (512, 691), (548, 687), (577, 674)],
)


def tooth(L, x, y, width, length, lean=0.0, shadow=0.0):
    """A pointed tooth whose root is at (x, y); a negative length points up. `shadow`: 0 in the light, 1 in the dark."""
    w, tip = width / 2, (x + lean, y + length)
    side = [(x - w, y), (x - w * 0.95, y + length * 0.45), tip, (x + w * 0.95, y + length * 0.45), (x + w, y)]
    p = poly(samp(side, 40))
    root, edge = mix("#d8c4a0", "#5a3a34", shadow), mix("#fffaf0", "#8a6a5c", shadow)
    L.f(p, "#2a0c0a", a=0.5, w=3, blur=1.5)
    L.f(p, sh=G("lin", (0, y), (0, y + length), [root[:3], edge[:3]]))
    with L.clip(p):
        L.stroke([(x + w * 0.7, y), (x + w * 0.75, y + length * 0.5), tip], w * 0.8, "#8a7050", a=0.45, blur=1.5)


def mouth():
    U, Lw, C, TU, TL, T = (Layer() for _ in range(6))
    seam = LIP["lip_upper_inner"]
    U.f(poly(seam - [0, 5], False), "#5a3228", a=0.5, w=8, blur=4)
    U.stroke(seam - [0, 2], 12, "#1e0c08", kind=lambda u: 0.1 + 0.9 * np.sin(np.pi * u) ** 0.6)
    pl = poly(np.vstack([LIP["lip_lower_inner"], LIP["lip_lower_outer"][::-1]]))
    rim = LIP["lip_lower_inner"] + [0, 5]
    with Lw.clip(pl):
        Lw.f(poly(rim, False), "#2a1410", a=0.95, w=17, blur=3)
        Lw.f(poly((rim + [0, 3])[4:-4], False), "#a8766a", a=0.55, w=3.5, blur=1.2)
    C.f(ell(512, 704, 112, 100), sh=G("lin", (0, 640), (0, 790), ["#2a080a", "#3a0c10", "#4c1416"]))
    C.f(ell(512, 668, 66, 26), "#7a2c30", a=0.55, blur=10)
    for y in (668, 678, 688):
        C.stroke([(470, y + 4), (512, y - 2), (554, y + 4)], 3, "#3a0c10", a=0.5, blur=1.5)
    # Gums in an arch, small cutting teeth between two fangs, and side teeth that go back into the dark.
    gum = [(428, 640), (512, 630), (596, 640), (586, 660), (560, 664), (512, 660), (464, 664), (438, 660)]
    TU.f(blob(gum), sh=G("lin", (0, 640), (0, 664), ["#6a2428", "#b4605c"]))
    for s in (-1, 1):
        for x, width, length, dark in ((78, 15, 13, 0.75), (65, 16, 17, 0.5)):
            tooth(TU, 512 + s * x, 657, width, length, -s * 2, dark)
        for x, width, length in ((34, 11, 17), (24, 10.5, 19), (13.5, 10.5, 20.5), (4.8, 10.5, 22)):
            p = rrect(512 + s * x - width / 2, 654, width, length + 4, 4)
            TU.f(p, "#2a0c0a", a=0.4, w=2, blur=1)
            TU.f(p, sh=G("lin", (0, 654), (0, 678), ["#d8c4a0", "#fffaf0"]))
        tooth(TU, 512 + s * 49, 654, 21, 46, -s * 3)
    TL.f(blob([(446, 756), (512, 740), (578, 756), (560, 784), (464, 784)]), "#8a3c3c", blur=2)
    for s in (-1, 1):
        for x in (5, 15, 25):
            p = rrect(512 + s * x - 5, 734 + x * 0.14, 10, 24, 4)
            TL.f(p, "#2a0c0a", a=0.4, w=2, blur=1)
            TL.f(p, sh=G("lin", (0, 734), (0, 756), ["#fff4de", "#b89c78"]))
        tooth(TL, 512 + s * 38, 760, 17, -36, s * 3, 0.1)
    shape_ = [(440, 778), (450, 728), (480, 705), (512, 709), (544, 705), (574, 728), (584, 778), (512, 794)]
    T.f(blob(shape_), sh=G("lin", (0, 703), (0, 778), ["#ec908c", "#a8444a"]))
    with T.clip(blob(shape_)):
        T.stroke([(512, 712), (511, 738), (512, 778)], 9, "#8a2e38", a=0.5, blur=3)
        T.f(ell(482, 722, 20, 7, rot=-0.3), "#ffd0cc", a=0.6, blur=4)
        T.f(ell(542, 722, 16, 5, rot=0.3), "#ffd0cc", a=0.35, blur=4)
    return dict(
        mouth_cavity=C.arr(),
        tongue=T.arr(),
        teeth_lower=TL.arr(),
        teeth_upper=TU.arr(),
        lip_lower=Lw.arr(),
        lip_upper=U.arr(),
    )


def whiskers(L):
    """Stiff, as no fur is: a muzzle that purses its lips must not bend them."""
    for s in (-1, 1):
        for k, (y, dy, ln) in enumerate(((612, -34, 190), (626, 6, 215), (640, 48, 180))):
            path = [(90 + k * 6, y), (90 + ln * 0.5, y + dy * 0.35 - 8), (90 + ln, y + dy)]
            L.stroke(at(s, path), 3.4, "#fff4de", a=0.7, kind="tip")


def front():
    """A forelock that fell out of place, and the whiskers."""
    L = Layer()
    rng = np.random.default_rng(44)
    for k in range(190):
        t = rng.uniform(-1, 1)
        x, y = 512 + t * 70, 268 - 20 * (1 - t * t) + rng.normal(0, 9)
        a = -1.57 + t * 1.0 + rng.normal(0, 0.16)
        c = mix("#f0a050", "#8a3a18", np.clip(0.40 + 0.45 * t + rng.normal(0, 0.18), 0, 1))
        tuft(L, x, y, a, rng.uniform(38, 92), rng.uniform(6, 12), c[:3], t * 22)
    for x0, bend, ln, w, c in (
        (500, 30, 112, 24, ("#8a3a18", "#e88f40")),
        (522, 26, 90, 20, ("#9a4420", "#e07c30")),
        (536, -20, 62, 18, ("#8a3a18", "#c05a22")),
    ):
        lean = 0.42 if bend > 0 else -0.42
        tip = (x0 - math.sin(lean) * ln - bend * 0.6, 244 + math.cos(lean) * ln)
        spine = [(x0, 236), (x0 - math.sin(lean) * ln * 0.25, 244 + ln * 0.45), tip]
        lock(L, spine, w, c, rng, strands=14, dark="#5a2410", light="#ffbf70", edge=0, sw=1.8)
    whiskers(L)
    return L.arr()


def build():
    painted = base()
    wt, ir, lo, lu, ll, lm1 = eyes(painted)
    br, lm2 = brows()
    Ls = layers(painted, mouth(), (wt, ir, lo, lu, ll), br, front())
    return Ls, marks(
        (CL, CR),
        LIP,
        lm1,
        lm2,
        FACE,
        410,
        nose_tip=[512, 592],
        chin=[512, 754],
        jaw_drop=74,
        jaw_half_width=215,
        lid_travel=62,
    )


if __name__ == "__main__":
    export("fox", *build(), step=4)
