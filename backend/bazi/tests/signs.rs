//! Stems, branches and pillars by themselves.

use bazi::{Branch, Element, Nayin, Pillar, Polarity, Stage, Stem, TenGod};

#[test]
fn sixty_pillars_are_counted_by_stem_and_branch() {
    for index in 0..Pillar::COUNT {
        let pillar = Pillar::cycle(index);
        assert_eq!(pillar.index(), index);
        assert_eq!(Pillar::from_name(&pillar.to_string()), Some(pillar));
        assert_eq!(Pillar::new(pillar.stem(), pillar.branch()), Some(pillar));
    }
    let pairs = Stem::ALL.iter().flat_map(|&stem| {
        Branch::ALL
            .iter()
            .filter_map(move |&branch| Pillar::new(stem, branch))
    });
    assert_eq!(pairs.count(), Pillar::COUNT);
}

#[test]
fn other_names_are_not_pillars() {
    for name in ["", "甲", "甲丑", "子甲", "甲子子", "甲 子", "jiazi"] {
        assert_eq!(Pillar::from_name(name), None, "{name}");
    }
}

/// The decade of a pillar reaches all branches but the void ones.
#[test]
fn void_branches_are_those_the_decade_does_not_reach() {
    for index in 0..Pillar::COUNT {
        let first = index / 10 * 10;
        let reached: Vec<_> = (first..first + 10)
            .map(|n| Pillar::cycle(n).branch())
            .collect();
        let void: Vec<_> = Branch::ALL
            .iter()
            .filter(|branch| !reached.contains(branch))
            .collect();
        let mut ours = Pillar::cycle(index).void();
        ours.sort_unstable();
        assert_eq!(void, ours.iter().collect::<Vec<_>>());
    }
    assert_eq!(Pillar::cycle(0).void(), [Branch::Xu, Branch::Hai]);
}

/// The rule counts the element; the name ends with it.
#[test]
fn the_sound_is_named_after_its_element() {
    for nayin in Nayin::ALL {
        assert!(nayin.name().ends_with(nayin.element().name()), "{nayin}");
    }
}

#[test]
fn a_branch_has_the_element_and_polarity_of_its_main_stem() {
    for branch in Branch::ALL {
        let main = branch.hidden()[0];
        assert_eq!(branch.element(), main.element(), "{branch}");
        // Water and fire change places: 子午 are yang by place, yin by use; 亥巳 the reverse.
        let crossed = matches!(branch, Branch::Zi | Branch::Wu | Branch::Si | Branch::Hai);
        assert_eq!(branch.polarity() != main.polarity(), crossed, "{branch}");
    }
}

/// Every ten god by its definition: the relation of elements and of polarities.
#[test]
fn ten_gods_follow_their_definition() {
    use TenGod::*;
    for &day in Stem::ALL {
        for &other in Stem::ALL {
            let (a, b) = (day.element(), other.element());
            let [same, different] = if a == b {
                [BiJian, JieCai]
            } else if a.generates() == b {
                [ShiShen, ShangGuan]
            } else if a.controls() == b {
                [PianCai, ZhengCai]
            } else if b.controls() == a {
                [QiSha, ZhengGuan]
            } else {
                assert_eq!(b.generates(), a);
                [PianYin, ZhengYin]
            };
            let expected = if day.polarity() == other.polarity() {
                same
            } else {
                different
            };
            assert_eq!(TenGod::of(day, other), expected, "{day} sees {other}");
        }
    }
}

/// Each stem passes all twelve stages, yang stems forward and yin stems backward,
/// and takes office where its own element and polarity are at home.
#[test]
fn stages_run_forward_for_yang_and_backward_for_yin() {
    for &stem in Stem::ALL {
        let birth = Branch::ALL
            .iter()
            .find(|&&b| Stage::of(stem, b) == Stage::ChangSheng)
            .unwrap();
        for (steps, &stage) in Stage::ALL.iter().enumerate() {
            let at = match stem.polarity() {
                Polarity::Yang => birth.index() + steps,
                Polarity::Yin => birth.index() + 12 - steps,
            };
            assert_eq!(Stage::of(stem, Branch::cycle(at)), stage, "{stem}");
        }
    }
    let offices = "寅卯巳午巳午申酉亥子".chars();
    for (&stem, office) in Stem::ALL.iter().zip(offices) {
        let office = Branch::from_name(&office.to_string()).unwrap();
        assert_eq!(Stage::of(stem, office), Stage::LinGuan, "{stem}");
    }
}

#[test]
fn elements_generate_and_control_in_circles() {
    use Element::{Earth, Fire, Metal, Water, Wood};
    assert_eq!(
        [Wood, Fire, Earth, Metal, Water].map(Element::generates),
        [Fire, Earth, Metal, Water, Wood]
    );
    assert_eq!(
        [Wood, Earth, Water, Fire, Metal].map(Element::controls),
        [Earth, Water, Fire, Metal, Wood]
    );
}
