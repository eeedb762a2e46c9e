//! The thirty sound elements 纳音.

use crate::element::Element;
use crate::named::named;

named! {
    /// A sound element 纳音, shared by two neighbouring pillars.
    ///
    /// Books vary in a few characters. The spellings are those of 三命通会, so
    /// 沙中金 (not 砂中金) and 城头土 (not 城墙土).
    pub enum Nayin {
        HaiZhongJin = "海中金",
        LuZhongHuo = "炉中火",
        DaLinMu = "大林木",
        LuPangTu = "路旁土",
        JianFengJin = "剑锋金",
        ShanTouHuo = "山头火",
        JianXiaShui = "涧下水",
        ChengTouTu = "城头土",
        BaiLaJin = "白蜡金",
        YangLiuMu = "杨柳木",
        QuanZhongShui = "泉中水",
        WuShangTu = "屋上土",
        PiLiHuo = "霹雳火",
        SongBaiMu = "松柏木",
        ChangLiuShui = "长流水",
        ShaZhongJin = "沙中金",
        ShanXiaHuo = "山下火",
        PingDiMu = "平地木",
        BiShangTu = "壁上土",
        JinBoJin = "金箔金",
        FuDengHuo = "覆灯火",
        TianHeShui = "天河水",
        DaYiTu = "大驿土",
        ChaiChuanJin = "钗钏金",
        SangZheMu = "桑柘木",
        DaXiShui = "大溪水",
        ShaZhongTu = "沙中土",
        TianShangHuo = "天上火",
        ShiLiuMu = "石榴木",
        DaHaiShui = "大海水",
    }
}

impl Nayin {
    /// The element, by the classical count: stem pairs 甲乙 1 to 壬癸 5 plus
    /// branch pairs 子丑午未 1, 寅卯申酉 2, 辰巳戌亥 3; of the sum less fives,
    /// 1 is wood, 2 metal, 3 water, 4 fire, 5 earth.
    pub const fn element(self) -> Element {
        use Element::{Earth, Fire, Metal, Water, Wood};
        let stems = self.index() % 5;
        let branches = self.index() % 3;
        [Wood, Metal, Water, Fire, Earth][(stems + branches + 1) % 5]
    }
}
