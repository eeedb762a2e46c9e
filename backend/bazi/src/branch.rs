//! The twelve earthly branches 地支 and the stems hidden in them.

use crate::element::{Element, Polarity};
use crate::named::named;
use crate::stem::Stem;

named! {
    /// An earthly branch 地支.
    pub enum Branch {
        Zi = "子",
        Chou = "丑",
        Yin = "寅",
        Mao = "卯",
        Chen = "辰",
        Si = "巳",
        Wu = "午",
        Wei = "未",
        Shen = "申",
        You = "酉",
        Xu = "戌",
        Hai = "亥",
    }
}

impl Branch {
    /// The branch at this place of the cycle of twelve.
    pub const fn cycle(index: usize) -> Self {
        Self::ALL[index % Self::ALL.len()]
    }

    /// The element, which is that of its main hidden stem.
    pub const fn element(self) -> Element {
        match self {
            Self::Yin | Self::Mao => Element::Wood,
            Self::Si | Self::Wu => Element::Fire,
            Self::Chen | Self::Xu | Self::Chou | Self::Wei => Element::Earth,
            Self::Shen | Self::You => Element::Metal,
            Self::Hai | Self::Zi => Element::Water,
        }
    }

    /// The polarity by place: 子寅辰午申戌 are yang.
    pub const fn polarity(self) -> Polarity {
        Polarity::of_index(self.index())
    }

    /// The hidden stems 藏干: main 本气, middle 中气, residual 余气.
    pub const fn hidden(self) -> &'static [Stem] {
        use Stem::{Bing, Ding, Geng, Gui, Ji, Jia, Ren, Wu, Xin, Yi};
        match self {
            Self::Zi => &[Gui],
            Self::Chou => &[Ji, Gui, Xin],
            Self::Yin => &[Jia, Bing, Wu],
            Self::Mao => &[Yi],
            Self::Chen => &[Wu, Yi, Gui],
            Self::Si => &[Bing, Geng, Wu],
            Self::Wu => &[Ding, Ji],
            Self::Wei => &[Ji, Ding, Yi],
            Self::Shen => &[Geng, Ren, Wu],
            Self::You => &[Xin],
            Self::Xu => &[Wu, Xin, Ding],
            Self::Hai => &[Ren, Jia],
        }
    }

    /// The place of its frame of three 三合局 in the order 申子辰, 巳酉丑,
    /// 寅午戌, 亥卯未.
    pub(crate) const fn frame(self) -> usize {
        self.index() % 4
    }

    /// The season 四季, of which it is a month: 0 is spring 寅卯辰.
    pub(crate) const fn season(self) -> usize {
        (self.index() + 10) % 12 / 3
    }
}
