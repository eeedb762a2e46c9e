//! The wire contract as a list of names and numbers: a change here breaks existing clients.

use std::fmt::Write;

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

#[test]
fn names_and_numbers_are_those_of_the_contract() {
    let set = FileDescriptorSet::decode(rpc::DESCRIPTORS).unwrap();
    let mut text = String::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let (input, output) = (method.input_type(), method.output_type());
                let service = format!("{}.{}", file.package(), service.name());
                writeln!(text, "{service}/{} {input} -> {output}", method.name()).unwrap();
            }
        }
        for message in &file.message_type {
            describe(
                &mut text,
                &format!("{}.{}", file.package(), message.name()),
                message,
            );
        }
    }
    insta::assert_snapshot!("contract", text);
}

fn describe(text: &mut String, name: &str, message: &DescriptorProto) {
    writeln!(text, "{name}").unwrap();
    for field in &message.field {
        let kind = match entry(message, field) {
            Some(entry) => format!("map<{}, {}>", kind(&entry.field[0]), kind(&entry.field[1])),
            None if field.label() == Label::Repeated => format!("repeated {}", kind(field)),
            None => kind(field),
        };
        writeln!(text, "  {} {} {kind}", field.number(), field.name()).unwrap();
    }
}

/// The entry type of a map field.
fn entry<'m>(
    message: &'m DescriptorProto,
    field: &FieldDescriptorProto,
) -> Option<&'m DescriptorProto> {
    let is_map = |nested: &&DescriptorProto| {
        nested
            .options
            .as_ref()
            .is_some_and(|options| options.map_entry())
            && field.type_name().ends_with(&format!(".{}", nested.name()))
    };
    message.nested_type.iter().find(is_map)
}

fn kind(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Message => field.type_name().to_owned(),
        simple => simple
            .as_str_name()
            .trim_start_matches("TYPE_")
            .to_lowercase(),
    }
}
