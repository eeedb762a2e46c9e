use super::*;

fn config(text: &str) -> Result<Config, String> {
    let document = Document::parse("backend.toml", text, &|_| None).unwrap();
    document
        .read::<file::Config>()
        .meant(|written| Config::resolve(written, &Overrides::default()))
        .map_err(|report| report.lines().collect::<Vec<_>>().join("\n"))
}

#[test]
fn nothing_written_is_a_whole_node_on_the_loopback() {
    let config = config("").unwrap();
    assert_eq!(config.web.to_string(), "127.0.0.1:8001");
    let ports: Vec<_> = config
        .listen
        .iter()
        .map(|(_, address)| address.port())
        .collect();
    assert_eq!(ports, [9001, 9002, 9003, 9004, 9005, 9006, 9007]);
    assert_eq!(config.database, Location::Memory);
}

#[test]
fn names_every_mistake_of_meaning_at_its_line() {
    let problems = config(
        "[web]\nlisten = 'localhost'\n[service.bazi_core]\nlisten = '127.0.0.1:9003'\n\
         url = 'bazi-core:9001'\n",
    );
    insta::assert_snapshot!(problems.unwrap_err(), @r"
    backend.toml:2:10: `localhost` is not an address such as 127.0.0.1:8001
    backend.toml:3:2: `bazi_core` listens on 127.0.0.1:9003 too
    backend.toml:5:7: `bazi-core:9001` is not an address such as http://10.0.0.1:9001
    ");
}

#[test]
fn flags_win_over_the_file() {
    let written = toml_of("[web]\nlisten = 'nonsense'\n");
    let mut overrides = Overrides {
        web: Some(SocketAddr::from(([0, 0, 0, 0], 80))),
        database: Some("x.db".to_owned()),
        ..Overrides::default()
    };
    *overrides.services.of_mut(Service::Payment) = Some(SocketAddr::from(([0, 0, 0, 0], 81)));
    let config = Config::resolve(&written, &overrides).unwrap();
    assert_eq!(config.web.port(), 80);
    assert_eq!(config.listen.of(Service::Payment).port(), 81);
    assert_eq!(config.database, Location::File("x.db".into()));
}

#[test]
fn the_files_in_conf_are_complete_and_mean_the_defaults() {
    let conf = Path::new("../conf");
    for name in ["backend.toml", "dev/backend.toml"] {
        let path = conf.join(name);
        Config::load(Some(&path), &Overrides::default()).unwrap();
    }
    let text = std::fs::read_to_string(conf.join("backend.toml")).unwrap();
    let schema = schemars::schema_for!(file::Config);
    for (name, definition) in schema.get("$defs").unwrap().as_object().unwrap() {
        let properties = definition
            .get("properties")
            .and_then(|value| value.as_object());
        for key in properties
            .into_iter()
            .flat_map(|properties| properties.keys())
        {
            assert!(text.contains(key), "{name}.{key} is not mentioned");
        }
    }
}

fn toml_of(text: &str) -> file::Config {
    Document::parse("backend.toml", text, &|_| None)
        .unwrap()
        .read()
        .into_written()
        .unwrap()
}
