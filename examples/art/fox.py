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
    return z - gau(512, 690, 70, 9, 16) - gau(512, 330, 16, 60, 6)


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
        shade_ = np.clip(0.55 - 0.55 * v + 0.30 * t + rng.normal(0, 0.1), 0, 0.85)
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


def base():
    rng = np.random.default_rng(31)
    under = over(body(rng), scarf(rng))
    z = head_z()
    colours = lit(z, markings(), aok=0.006)
    E = Layer()
    for s in (-1, 1):
        ear(E, s, rng)
    under = over(under, E.arr())
    R = Layer()
    ruff(R, rng)
    under = over(under, R.arr())
    L = Layer()
    cheek_tufts(L, colours, rng)
    L.f(blob(FACE), "#7a3a1c", blur=6)
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
    D.stroke([(512, 622), (511, 640), (512, 658)], 7, UMBER, a=0.9, kind="flat")
    D.f(ell(512, 700, 56, 10), "#8a5a44", a=0.45, blur=7)
    face = over(face, D.arr() * face[..., 3:])
    Wk = Layer()
    for s in (-1, 1):  # whiskers
        for k, (y, dy, ln) in enumerate(((612, -34, 190), (626, 6, 215), (640, 48, 180))):
            Wk.stroke(
                at(s, [(88 + k * 6, y), (88 + ln * 0.5, y + dy * 0.35 - 8), (88 + ln, y + dy)]),
                3.4,
                "#fff4de",
                a=0.7,
                kind="tip",
            )
    return over(under, face, Wk.arr())


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
        ix, iy, r = *X(4, -3), 31
        Ir.f(ell(ix, iy, r, r), "#3a1a08")
        Ir.f(
            ell(ix, iy, r - 2, r - 2),
            sh=G("lin", (0, iy - r), (0, iy + r), ["#7a3a0c", "#d9821c", "#f7c648", "#fff0a0"], [0, 0.4, 0.72, 1]),
        )
        for k in range(48):
            t = k / 48 * 2 * np.pi
            Ir.stroke(
                [(ix + 12 * math.cos(t), iy + 14 * math.sin(t)), (ix + 27 * math.cos(t), iy + 27 * math.sin(t))],
                1.8,
                "#fff2b8" if math.sin(t) > 0 else "#5a2606",
                a=0.4,
            )
        Ir.f(ell(ix, iy - 20, 30, 14), "#2a0e04", a=0.6, blur=6)
        Ir.f(ell(ix, iy, 11, 16.5), "#0c0503")
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
        line_.stroke([X(-44, -16), X(-8, -38), X(28, -38), X(58, -24)], 5, "#6a3018", a=0.6, blur=1)
        LL.f(
            blob([X(-66, 26), X(-20, 26), X(24, 24), X(64, -2), X(48, 26), X(16, 38), X(-24, 39)]),
            "#7a3a1c",
            a=0.9,
            blur=2,
        )
        lm["eye_" + nm] = np.vstack([U[::2], B[::2]])
        lm["iris_" + nm] = dict(centre=[ix, iy], radius=r, rx=r, ry=r)
    h = hull.arr()[..., 3:]
    lid = np.dstack([np.clip(skin[..., :3] * 1.25, 0, 1) * h, h])
    return Wt.arr(), Ir.arr(), Lo.arr(), over(lid.astype(np.float32), line_.arr()), LL.arr(), lm


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


CL, CR = (404, 652), (620, 646)
INNER = [(430, 662), (470, 671), (498, 668), (512, 662), (526, 668), (556, 670), (594, 658)]
LIP = lipdata(
    CL,
    CR,
    [(436, 646), (476, 636), (512, 630), (548, 635), (590, 642)],
    INNER,
    INNER,
    [(440, 680), (476, 691), (512, 693), (550, 689), (586, 676)],
)


def mouth():
    U, Lw, C, TU, TL, T = (Layer() for _ in range(6))
    seam = [(CL[0] - 10, CL[1] - 8)] + LIP["lip_upper_inner"].tolist() + [(CR[0] + 12, CR[1] - 10)]
    U.stroke(seam, 10, "#1e0c08", kind=lambda u: 0.35 + 0.65 * np.sin(np.pi * u))
    pl = poly(np.vstack([LIP["lip_lower_inner"], LIP["lip_lower_outer"][::-1]]))
    rim = LIP["lip_lower_inner"] + [0, 5]
    with Lw.clip(pl):
        Lw.f(poly(rim, False), "#2a1410", a=0.95, w=15, blur=3)
        Lw.f(poly(rim + [0, 3], False), "#7a5046", a=0.6, w=3, blur=1)
    C.f(ell(512, 700, 124, 84), sh=G("lin", (0, 640), (0, 770), ["#140404", "#3a0c10", "#5c1a1c"]))
    C.f(ell(512, 664, 80, 22), "#6a2428", a=0.5, blur=9)
    TU.f(
        blob([(408, 640), (512, 634), (616, 638), (600, 672), (560, 680), (512, 682), (464, 681), (424, 674)]),
        sh=G("lin", (0, 650), (0, 684), ["#c9b79a", "#fffaf0"]),
    )
    for x in (480, 496, 512, 528, 544):
        TU.stroke([(x, 656), (x, 684)], 2, "#8a7458", a=0.6)
    for s in (-1, 1):
        TU.f(
            poly(samp(at(s, [(46, 664), (50, 684), (60, 704), (70, 686), (78, 662)]), 40)),
            sh=G("lin", (0, 664), (0, 704), ["#e6d8bc", "#ffffff"]),
        )
        TU.f(
            poly(samp(at(s, [(46, 664), (50, 684), (60, 704), (70, 686), (78, 662)]), 40), False),
            "#8a7458",
            a=0.6,
            w=2,
        )
    TL.f(
        blob([(444, 736), (476, 728), (512, 725), (548, 728), (580, 736), (570, 764), (512, 770), (454, 764)]),
        sh=G("lin", (0, 724), (0, 756), ["#fff6e4", "#ad9474"]),
    )
    for x in np.linspace(468, 556, 7):
        TL.stroke([(x, 727), (x, 760)], 2, "#7a6246", a=0.55)
    for s in (-1, 1):
        TL.f(
            poly(samp(at(s, [(54, 744), (60, 726), (64, 712), (74, 730), (76, 746)]), 30)),
            sh=G("lin", (0, 712), (0, 746), ["#ffffff", "#d8c8a8"]),
        )
    T.f(
        blob(
            [
                (446, 762),
                (458, 718),
                (488, 700),
                (512, 704),
                (536, 700),
                (566, 718),
                (578, 762),
                (548, 790),
                (476, 790),
            ]
        ),
        sh=G("lin", (0, 700), (0, 776), ["#e88a88", "#a8444a"]),
    )
    T.stroke([(512, 712), (511, 734), (512, 768)], 6, "#8a2e38", a=0.6, blur=1)
    T.f(ell(484, 718, 18, 6), "#ffd0cc", a=0.6, blur=4)
    return dict(
        mouth_cavity=C.arr(),
        tongue=T.arr(),
        teeth_lower=TL.arr(),
        teeth_upper=TU.arr(),
        lip_lower=Lw.arr(),
        lip_upper=U.arr(),
    )


def front():
    """A forelock that fell out of place."""
    L = Layer()
    rng = np.random.default_rng(44)
    for k in range(46):
        t = rng.uniform(-1, 1)
        x, y = 512 + t * 66, 262 - 18 * (1 - t * t) + rng.normal(0, 6)
        a = -1.57 + t * 1.0 + rng.normal(0, 0.12)
        c = mix("#f0a050", "#8a3a18", np.clip(0.45 + 0.45 * t + rng.normal(0, 0.15), 0, 1))
        tuft(L, x, y, a, rng.uniform(50, 92), rng.uniform(14, 22), c[:3], t * 22)
    for x0, bend, ln, c in (
        (506, 30, 122, "#a84a1c"),
        (520, 24, 98, "#d8752c"),
        (496, 18, 84, "#e88f40"),
        (528, -16, 70, "#b9551f"),
    ):
        tuft(L, x0, 236, 1.57 + (0.35 if bend > 0 else -0.3), ln, 24, rgb(c)[:3], bend)
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
        jaw_drop=60,
        jaw_half_width=215,
        lid_travel=62,
    )


if __name__ == "__main__":
    export("fox", *build(), step=4)
