//! The pillars and lunar dates, against tyme4rs and the rules they follow.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bazi::{CivilTime, Date, LunarDate, Pillar, Pillars, Stem, TimeOfDay, YEARS, ZiMode};
use proptest::prelude::*;
use tyme4rs::tyme::Tyme;
use tyme4rs::tyme::solar::{SolarTerm, SolarTime};

const DAYS: i64 = 73_414;
const SECONDS: i64 = DAYS * 86_400;

/// The moment so many seconds after 1 January 1900.
fn moment(seconds: i64) -> CivilTime {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a date, counting years from March.
    let day = days + 693_901;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let small = |number: i64| u8::try_from(number).unwrap();
    CivilTime::new(
        Date::new(u16::try_from(year).unwrap(), small(month), small(day)).unwrap(),
        TimeOfDay::new(
            small(second / 3600),
            small(second / 60 % 60),
            small(second % 60),
        )
        .unwrap(),
    )
}

fn tyme(moment: CivilTime) -> SolarTime {
    let (date, time) = (moment.date(), moment.time());
    SolarTime::from_ymd_hms(
        signed(date.year()),
        date.month().into(),
        date.day().into(),
        time.hour().into(),
        time.minute().into(),
        time.second().into(),
    )
}

fn civil(moment: SolarTime) -> CivilTime {
    let small = |number: usize| u8::try_from(number).unwrap();
    let year = u16::try_from(moment.get_year()).unwrap();
    let (hour, minute) = (small(moment.get_hour()), small(moment.get_minute()));
    CivilTime::new(
        Date::new(year, small(moment.get_month()), small(moment.get_day())).unwrap(),
        TimeOfDay::new(hour, minute, small(moment.get_second())).unwrap(),
    )
}

fn signed(year: u16) -> isize {
    isize::try_from(year).unwrap()
}

fn of(time: CivilTime) -> Pillars {
    Pillars::of(time, ZiMode::NextDay).unwrap()
}

/// The instants of the jie of a year, 小寒 to 大雪.
fn jie(year: u16) -> impl Iterator<Item = SolarTime> {
    (1..24).step_by(2).map(move |number| {
        SolarTerm::from_index(signed(year), number)
            .get_julian_day()
            .get_solar_time()
    })
}

/// The pillar so many steps later in the cycle of sixty.
fn later(pillar: Pillar, steps: usize) -> Pillar {
    Pillar::cycle(pillar.index() + steps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agree_with_tyme(seconds in 0..SECONDS) {
        let time = moment(seconds);
        let theirs = tyme(time).get_sixty_cycle_hour().get_eight_char();
        let theirs = [theirs.get_year(), theirs.get_month(), theirs.get_day(), theirs.get_hour()];
        let ours = of(time);
        prop_assert_eq!(ours.to_string(), theirs.map(|pillar| pillar.to_string()).join(" "));
        let late = Pillars::of(time, ZiMode::Late).unwrap();
        let day = tyme(time).get_lunar_hour().get_lunar_day().get_sixty_cycle();
        prop_assert_eq!(late.day.to_string(), day.to_string());
        prop_assert_eq!((late.year, late.month, late.hour), (ours.year, ours.month, ours.hour));
    }

    #[test]
    fn lunar_date_agrees_with_tyme(seconds in 0..SECONDS) {
        let time = moment(seconds);
        let theirs = tyme(time).get_lunar_hour().get_lunar_day();
        let month = theirs.get_lunar_month();
        let ours = LunarDate::of(time.date()).unwrap();
        let expected = (month.get_lunar_year().get_year(), month.get_month(), month.is_leap(), theirs.get_day());
        prop_assert_eq!(
            (signed(ours.year), ours.month.into(), ours.leap, ours.day.into()),
            expected
        );
    }

    /// 五虎遁: the stem of the year fixes the stems of its months.
    #[test]
    fn months_follow_the_five_tigers(seconds in 0..SECONDS) {
        let pillars = of(moment(seconds));
        let first = match pillars.year.stem() {
            Stem::Jia | Stem::Ji => Stem::Bing,
            Stem::Yi | Stem::Geng => Stem::Wu,
            Stem::Bing | Stem::Xin => Stem::Geng,
            Stem::Ding | Stem::Ren => Stem::Ren,
            Stem::Wu | Stem::Gui => Stem::Jia,
        };
        let since_tiger = (pillars.month.branch().index() + 10) % 12;
        prop_assert_eq!(pillars.month.stem(), Stem::cycle(first.index() + since_tiger));
    }

    /// 五鼠遁: the stem of the day fixes the stems of its hours.
    #[test]
    fn hours_follow_the_five_rats(seconds in 0..SECONDS) {
        let pillars = of(moment(seconds));
        let first = match pillars.day.stem() {
            Stem::Jia | Stem::Ji => Stem::Jia,
            Stem::Yi | Stem::Geng => Stem::Bing,
            Stem::Bing | Stem::Xin => Stem::Wu,
            Stem::Ding | Stem::Ren => Stem::Geng,
            Stem::Wu | Stem::Gui => Stem::Ren,
        };
        let since_rat = pillars.hour.branch().index();
        prop_assert_eq!(pillars.hour.stem(), Stem::cycle(first.index() + since_rat));
    }

    /// Each pillar stays or moves on by one as time passes an hour.
    #[test]
    fn pillars_move_one_step_at_a_time(seconds in 0..SECONDS - 3600) {
        let (before, after) = (of(moment(seconds)), of(moment(seconds + 3600)));
        for (position, &pillar) in before.iter() {
            let moved = *after.at(position);
            prop_assert!(moved == pillar || moved == later(pillar, 1), "{pillar} to {moved}");
        }
        // Two hours are one hour pillar 时辰.
        if seconds < SECONDS - 7200 {
            prop_assert_eq!(of(moment(seconds + 7200)).hour, later(before.hour, 1));
        }
    }

    /// The year 4 was a 甲子; 立春 falls between 3 and 5 February.
    #[test]
    fn years_are_counted_from_the_year_4(seconds in 0..SECONDS) {
        let time = moment(seconds);
        let date = (time.date().month(), time.date().day());
        let since = usize::from(time.date().year()) - 4;
        let year = of(time).year;
        if date < (2, 3) {
            prop_assert_eq!(year, Pillar::cycle(since - 1));
        } else if date > (2, 5) {
            prop_assert_eq!(year, Pillar::cycle(since));
        } else {
            prop_assert!([since - 1, since].map(Pillar::cycle).contains(&year));
        }
    }
}

/// Day n is 甲戌 (10) plus n, and the lunar date moves one day at a time.
#[test]
fn every_day_follows_the_one_before() {
    let mut yesterday: Option<LunarDate> = None;
    for day in 0..DAYS {
        let time = moment(day * 86_400 + 43_200);
        let index = usize::try_from(day + 10).unwrap();
        assert_eq!(of(time).day, Pillar::cycle(index), "{time}");
        let today = LunarDate::of(time.date()).unwrap();
        if let Some(yesterday) = yesterday {
            let next_day = (today.year, today.month, today.leap)
                == (yesterday.year, yesterday.month, yesterday.leap)
                && today.day == yesterday.day + 1;
            let next_month = today.day == 1 && matches!(yesterday.day, 29 | 30);
            assert!(next_day || next_month, "{yesterday:?} then {today:?}");
        }
        yesterday = Some(today);
    }
}

/// The month begins at its jie to the second, and so does the year at 立春, in
/// both conventions for the zi hour.
#[test]
fn months_begin_at_the_second_of_their_jie() {
    for year in YEARS {
        for (number, instant) in jie(year).enumerate() {
            let (at, before) = (civil(instant), civil(instant.next(-1)));
            for mode in [ZiMode::NextDay, ZiMode::Late] {
                let (at, before) = (
                    Pillars::of(at, mode).unwrap(),
                    Pillars::of(before, mode).unwrap(),
                );
                assert_eq!(at.month, later(before.month, 1), "{instant}");
                assert_eq!(at.month.branch().index(), (number + 1) % 12, "{instant}");
                assert_eq!(
                    at.year,
                    later(before.year, usize::from(number == 1)),
                    "{instant}"
                );
            }
        }
    }
}

#[test]
fn both_ends_are_covered() {
    let first = CivilTime::parse("1900-01-01", "00:00").unwrap();
    let last = CivilTime::parse("2100-12-31", "23:59:59").unwrap();
    assert_eq!(of(first).to_string(), "己亥 丙子 甲戌 甲子");
    assert_eq!(of(last).to_string(), "庚申 戊子 戊申 壬子");
    assert_eq!(
        LunarDate::of(first.date()).unwrap(),
        LunarDate {
            year: 1899,
            month: 12,
            leap: false,
            day: 1
        }
    );
    assert_eq!(
        LunarDate::of(last.date()).unwrap(),
        LunarDate {
            year: 2100,
            month: 12,
            leap: false,
            day: 1
        }
    );
}
