//! The spirits 神煞 of a chart.
//!
//! Every rule is a row of `deity/table.rs`. The sources are the verses of
//! 三命通会 and 渊海子平; where schools differ the rule taken is named below.
//! A spirit looked up from the year or day *branch* falls on the other pillars,
//! one looked up from a *stem* on any pillar, that of the stem included.

mod rule;
mod table;
mod text;

use serde::{Serialize, Serializer};

use crate::named::named;
use crate::pillars::Pillars;
use crate::position::{Position, Positions};
use crate::stem::Stem;

named! {
    /// A spirit 神煞, in the order in which a chart lists them: by what they are
    /// looked up from.
    pub enum Deity {
        // By the frame of three of the year or day branch.
        /// The middle branch of the frame: 申子辰 see 子, and so on.
        JiangXing = "将星",
        /// The branch opposite the first of the frame: 申子辰 see 寅.
        YiMa = "驿马",
        /// The last branch of the frame: 申子辰 see 辰.
        HuaGai = "华盖",
        /// Where the frame's element ends 绝: 申子辰 see 巳.
        JieSha = "劫煞",
        /// Where it takes office 临官: 申子辰 see 亥.
        WangShen = "亡神",
        /// Also 咸池, where it bathes 沐浴: 申子辰 see 酉.
        TaoHua = "桃花",
        /// 戌 and 亥 see each other.
        TianLuo = "天罗",
        /// 辰 and 巳 see each other.
        DiWang = "地网",

        // By the year branch.
        /// The branch of 将星, from the year only.
        JinKui = "金匮贵人",
        /// The branch opposite 将星.
        ZaiSha = "灾煞",
        /// The branch after one's season: 亥子丑 see 寅.
        GuChen = "孤辰",
        /// The branch before one's season: 亥子丑 see 戌.
        GuaSu = "寡宿",
        /// 子 sees 卯, and backward from there.
        HongLuan = "红鸾",
        /// The branch opposite 红鸾.
        TianXi = "天喜",
        /// The branch two after the year's.
        SangMen = "丧门",
        /// The branch two before the year's.
        DiaoKe = "吊客",
        /// The branch three before the year's.
        PiMa = "披麻",

        // By the year or day stem.
        /// 甲戊庚牛羊, 乙己鼠猴乡, 丙丁猪鸡位, 壬癸兔蛇藏, 六辛逢马虎. The other
        /// school has 庚 with 辛.
        TianYiGuiRen = "天乙贵人",
        /// 甲乙子午, 丙丁鸡兔, 戊己四季, 庚辛寅亥, 壬癸巳申.
        TaiJi = "太极贵人",
        /// 甲蛇乙马, 丙戊猴, 丁己鸡, 庚猪, 辛鼠, 壬虎, 癸兔.
        WenChang = "文昌贵人",
        /// The office 禄 of the stem's output: 甲丙巳, 乙丁午, 戊申, 己酉, ...
        TianChu = "天厨贵人",
        /// 甲丙寅子, 乙癸丑卯, 戊申, 己未, 丁亥, 庚午, 辛巳, 壬辰.
        FuXing = "福星贵人",
        /// 甲未乙辰丙巳丁酉戊戌己卯庚丑辛申壬寅癸午. Some lists give 丙 to 辰, where
        /// the common one has 巳.
        TianGuan = "天官贵人",
        /// 甲戌乙亥丙丑丁寅戊丑己寅庚辰辛巳壬未癸申.
        GuoYin = "国印贵人",
        /// Another name of 国印贵人, by the same rule; both are listed.
        GuanYin = "官印贵人",
        /// Two places after the stem's office 禄: 甲辰乙巳丙戊未丁己申庚戌辛亥壬丑癸寅.
        JinYu = "金舆",

        // By the day stem.
        /// Where the day stem takes office 临官: 甲寅乙卯丙戊巳丁己午庚申辛酉壬亥癸子.
        LuShen = "禄神",
        /// Where the day stem is at its prime 帝旺, yin stems included. Others put
        /// it after 禄 for yin stems too, or deny it to them.
        YangRen = "羊刃",
        /// 甲午, 乙申, 丙寅, 丁未, 戊己辰, 庚戌, 辛酉, 壬子, 癸申, after the verse
        /// 甲乙午申庚见戌; some read it as 午 for both 甲 and 乙.
        HongYan = "红艳煞",
        /// 甲鸡乙犬丙羊加, 丁是猴乡戊见蛇, 己马庚龙辛逐兔, 壬猪癸虎. Some put 丁 at
        /// 酉.
        LiuXia = "流霞",
        /// On the month only: 甲子寅, 乙卯, 丙辰, 丁巳, 戊午, 己未, 庚申, 辛酉, 壬戌;
        /// none for 癸. A modern list without a classical source.
        CaiShen = "财神贵人",
        /// The pillar of the day stem's officer at its office: 甲 sees 辛酉, 乙 sees
        /// 庚申, 戊 sees 乙卯, 己 sees 甲寅.
        TianFu = "天福贵人",

        // By the month branch, on stems.
        /// 正丁二申宫, 三壬四辛同, 五亥六甲上, 七癸八寅逢, 九丙十归乙, 子巳丑庚中.
        TianDe = "天德贵人",
        /// What combines with 天德.
        TianDeHe = "天德合",
        /// The yang stem of the frame's element: 寅午戌丙, 亥卯未甲, 申子辰壬, 巳酉丑庚.
        YueDe = "月德贵人",
        /// What combines with 月德.
        YueDeHe = "月德合",
        /// Virtue and grace of the month's frame: 寅午戌 丙丁戊癸, 申子辰 壬癸戊己丙辛甲,
        /// 巳酉丑 庚辛乙, 亥卯未 甲乙丁壬.
        DeXiu = "德秀贵人",

        // By the month branch, on branches.
        /// The branch before the month's.
        TianYi = "天医",
        /// 寅丑卯未辰寅巳申午卯未酉申辰酉戌戌巳亥亥子午丑子.
        XueRen = "血刃",
        /// 春秋寅子贵, 冬夏卯未辰; on the day and hour only.
        TongZi = "童子煞",

        // By the season, on the day.
        /// 春戊寅, 夏甲午, 秋戊申, 冬甲子.
        TianShe = "天赦日",
        /// The days which the season defeats: 春庚申辛酉, 夏壬子癸亥, 秋甲寅乙卯,
        /// 冬丙午丁巳.
        SiFei = "四废日",
        /// 春乙卯, 夏丙午, 秋辛酉, 冬壬子.
        TianZhuan = "天转",
        /// 春辛卯, 夏戊午, 秋癸酉, 冬丙子: the branch of 天转 with the sound 纳音 of the
        /// season's element.
        DiZhuan = "地转",
        /// The heads of the decades in turn, 寅甲午 卯甲辰 辰甲寅 巳甲子 午甲戌 未甲申,
        /// then stems: 申 乙丙丁, 酉 辛壬癸, 戌 甲戊庚, 亥 庚辛, 子 壬; none for 丑. A
        /// modern list without a classical source.
        QiGai = "乞丐贵人",
        /// The stems which combine for the season, on the year and the day: spring
        /// 乙庚, summer 丙辛, autumn 丁壬, winter 戊癸. A modern list without a
        /// classical source.
        LiuQin = "六亲贵人",

        // By the sound of the year.
        /// Where the element of the year's sound is born 长生: 金巳, 木亥, 水土申, 火寅.
        XueTang = "学堂词馆",

        // By the day pillar itself.
        /// Twelve days from 丙子 and 丙午 on, six and six.
        YinChaYangCuo = "阴差阳错",
        /// 甲寅乙巳丙午丁巳戊午戊申辛亥壬子.
        GuLuan = "孤鸾煞",
        /// The ten days whose office 禄 is void.
        ShiEDaBai = "十恶大败",
        /// 乙丑, 己巳 or 癸酉, on the hour (which they are on 甲 and 己 days only) or
        /// the day.
        JinShen = "金神",
        /// 丙午丁未戊子戊午己丑己未.
        LiuXiu = "六秀日",
        /// 甲寅乙卯丁未戊戌己未庚申辛酉癸丑.
        BaZhuan = "八专",
        /// 丁酉戊子戊午己卯己酉辛卯辛酉壬子壬午.
        JiuChou = "九丑",
        /// 甲辰乙亥丙辰丁酉戊午庚寅庚戌辛亥壬寅癸未.
        ShiLing = "十灵日",
        /// 庚辰庚戌壬辰戊戌.
        KuiGang = "魁罡",

        // The rest.
        /// A branch that is void in the decade of the day pillar.
        KongWang = "空亡",
        /// Three wonders, in this order on three neighbouring pillars: 甲戊庚 of
        /// heaven, 乙丙丁 of earth, 壬癸辛 of man. It falls on those three.
        SanQi = "三奇贵人",
    }
}

/// A set of spirits. Serialized as the list of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Deities(u64);

impl Deities {
    /// The spirits which fall on the pillar at this position.
    pub fn of(position: Position, pillars: Pillars) -> Self {
        let falling = table::RULES
            .iter()
            .filter(|(_, rule)| rule.falls_on(position, pillars));
        let set: Self = falling.map(|&(deity, _)| deity).collect();
        if three_wonders(pillars).contains(position) {
            set.with(Deity::SanQi)
        } else {
            set
        }
    }

    /// Whether this one is among them.
    pub const fn contains(self, deity: Deity) -> bool {
        self.0 & 1 << deity.index() != 0
    }

    /// Those in the set, in the order of [`Deity`].
    pub fn iter(self) -> impl Iterator<Item = Deity> {
        Deity::ALL
            .iter()
            .copied()
            .filter(move |&deity| self.contains(deity))
    }

    const fn with(self, deity: Deity) -> Self {
        Self(self.0 | 1 << deity.index())
    }
}

impl FromIterator<Deity> for Deities {
    fn from_iter<I: IntoIterator<Item = Deity>>(deities: I) -> Self {
        deities.into_iter().fold(Self::default(), Self::with)
    }
}

impl Serialize for Deities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// The pillars whose stems form three wonders 三奇.
fn three_wonders(pillars: Pillars) -> Positions {
    const WONDERS: [[Stem; 3]; 3] = [
        [Stem::Jia, Stem::Wu, Stem::Geng],
        [Stem::Yi, Stem::Bing, Stem::Ding],
        [Stem::Ren, Stem::Gui, Stem::Xin],
    ];
    let runs = Position::ALL.windows(WONDERS[0].len());
    let wonderful = runs.filter(|run| {
        let stems = run.iter().map(|&position| pillars.at(position).stem());
        WONDERS
            .iter()
            .any(|wonder| stems.clone().eq(wonder.iter().copied()))
    });
    wonderful.flatten().copied().collect()
}
